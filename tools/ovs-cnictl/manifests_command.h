// `ovs-cnictl manifests`: every object in files and folders, as JSON, with the place where it stands.
//
//   PATH... ──► read_manifest ──► checked as the agent does ──► [{"file","line","object"}, ...] on stdout
#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace ovs_cnictl {

/// Where a command reads and writes.
struct Streams {
    std::istream& in;
    std::ostream& out;
    std::ostream& errors;
};

/// Runs the command with the arguments after its name. Returns the exit code: 0, 1 when something cannot be read or is
/// wrong (all of it is on `errors`, `out` stays empty), 2 for wrong usage.
[[nodiscard]] int manifests_command(std::span<const std::string> arguments, Streams streams);

} // namespace ovs_cnictl
