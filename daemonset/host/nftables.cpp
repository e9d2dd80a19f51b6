#include "daemonset/host/nftables.h"

#include <nftables/libnftables.h>

#include <algorithm>
#include <memory>

namespace agent {
namespace {

struct Release {
    void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};

/// A context lives for one run only: its caches would otherwise be the largest thing in the agent's memory.
using Context = std::unique_ptr<nft_ctx, Release>;

outcome::Result<Context> open_context() {
    Context context(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context || nft_ctx_buffer_error(context.get()) != 0 || nft_ctx_buffer_output(context.get()) != 0)
        return outcome::fail("open nftables: libnftables returned no context");
    return context;
}

std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

} // namespace

outcome::Result<void> run_nftables(const std::string& text) {
    ASSIGN_OR_RETURN(auto context, open_context());
    if (nft_run_cmd_from_buffer(context.get(), text.c_str()) != 0)
        return outcome::fail("set the nftables rules: " + one_line(nft_ctx_get_error_buffer(context.get())));
    return {};
}

outcome::Result<std::string> list_nftables(const std::string& table) {
    ASSIGN_OR_RETURN(auto context, open_context());
    // "list tables" first: listing an absent table is an error whose text differs between versions.
    if (nft_run_cmd_from_buffer(context.get(), "list tables") != 0)
        return outcome::fail("list the nftables tables: " + one_line(nft_ctx_get_error_buffer(context.get())));
    const std::string tables = nft_ctx_get_output_buffer(context.get());
    if (tables.find("table " + table + "\n") == std::string::npos) return std::string();
    ASSIGN_OR_RETURN(auto fresh, open_context());
    nft_ctx_output_set_flags(fresh.get(), NFT_CTX_OUTPUT_STATELESS); // counters change
    if (nft_run_cmd_from_buffer(fresh.get(), ("list table " + table).c_str()) != 0)
        return outcome::fail("list the nftables table " + table + ": " +
                             one_line(nft_ctx_get_error_buffer(fresh.get())));
    return std::string(nft_ctx_get_output_buffer(fresh.get()));
}

} // namespace agent
