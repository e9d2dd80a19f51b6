// Deadlines and pauses towards the Kubernetes API. Tests shorten them.
#pragma once

#include <chrono>

namespace agent::kubernetes {

struct Timing {
    std::chrono::milliseconds connect{2000};    ///< then the next server is tried
    std::chrono::milliseconds write{5000};      ///< of a whole request
    std::chrono::milliseconds head{15000};      ///< from the request to the status of its answer
    std::chrono::milliseconds body{30000};      ///< between two pieces of an answer
    std::chrono::milliseconds silence{90000};   ///< between two pieces of a watch; bookmarks come each minute
    std::chrono::seconds watch{300};            ///< after which the server ends a watch
    std::chrono::milliseconds first_retry{100}; ///< doubled with each failure in a row, less a random part
    std::chrono::milliseconds longest_retry{10000};
    std::chrono::milliseconds echo{1000};      ///< after a write, until the watch shows it
    std::chrono::milliseconds settled{5000};   ///< a watch that lived this long was no failure
    std::chrono::milliseconds access{60000};   ///< the maximum age of the token and certificates read
    std::chrono::milliseconds missing{300000}; ///< until a resource that the server lacks is requested again
};

} // namespace agent::kubernetes
