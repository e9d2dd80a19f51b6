// The responder's answer: its own name and the address it saw, as one line of JSON.
//
//   connection ──► the line, then an echo of everything that the client sends
//   datagram   ──► the line, from the address that the datagram was sent to
#pragma once

#include "tools/cluster_lab/responder/listener.h"

#include <string>
#include <vector>

namespace responder {

/// Answers on all listeners until a signal ends the process; returns only with the reason why it
/// cannot continue.
[[nodiscard]] outcome::Error answer(const std::string& name, const std::vector<Listener>& listeners);

} // namespace responder
