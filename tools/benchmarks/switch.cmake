# Benchmarks of the switch layer; install-rate and switch-latency start a switch of their own and need root.
add_library(policy_like_flows STATIC ${CMAKE_CURRENT_LIST_DIR}/policy_like_flows.cpp)
target_link_libraries(policy_like_flows PUBLIC flowgen_core)

add_executable(encode-benchmark ${CMAKE_CURRENT_LIST_DIR}/encode_benchmark.cpp)
target_link_libraries(encode-benchmark PRIVATE agent_openflow policy_like_flows benchmark::benchmark)

add_executable(install-rate ${CMAKE_CURRENT_LIST_DIR}/install_rate.cpp)
target_link_libraries(install-rate PRIVATE policy_like_flows real_switch)

add_executable(switch-latency ${CMAKE_CURRENT_LIST_DIR}/switch_latency.cpp)
target_link_libraries(switch-latency PRIVATE policy_like_flows real_switch)
