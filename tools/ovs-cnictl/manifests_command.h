// `ovs-cnictl manifests`: every object in files and folders, as JSON, with its position.
//
//   PATH... ──► read_manifest ──► the agent's checks ──► [{"file","line","object"}, ...] on stdout
#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace ovs_cnictl {

/// The input and output streams of a command.
struct Streams {
    std::istream& in;
    std::ostream& out;
    std::ostream& errors;
};

/// Runs the command with the arguments after its name. Returns the exit code: 0, 1 when an object
/// cannot be read or is invalid (all faults are on `errors`, `out` stays empty), 2 for wrong usage.
[[nodiscard]] int manifests_command(std::span<const std::string> arguments, Streams streams);

} // namespace ovs_cnictl
