// The record of an attachment, and the bookkeeping of attachments.
#include "daemonset/attachments/attachments.h"
#include "flowgen/flow/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ipam::IpAddress address(const std::string& text) { return *ipam::IpAddress::parse(text); }
ipam::Prefix prefix(const char* text) { return *ipam::Prefix::parse(text); }

AttachmentRecord record(const std::string& name, std::uint32_t ofport, const std::string& first_address) {
    return {.key = {"c-" + name, "eth0"},
            .host_interface = "h-" + name,
            .mac = {{0x0a, 0, 0, 0, 0, 1}},
            .addresses = {address(first_address)},
            .sandbox = "/run/netns/x",
            .network = "ovs-cni",
            .pod = ovs_cni::PodReference{"shop", name, "uid"},
            .ct_zone = std::nullopt,
            .ofport = ofport};
}

/// A view of the database with one interface for each record.
agent::DatabaseView view_of(const std::vector<AttachmentRecord>& records) {
    agent::DatabaseView view;
    for (const auto& each : records) {
        agent::InterfaceRow row;
        row.name = each.host_interface;
        row.ofport = each.ofport == 0 ? -1 : static_cast<std::int64_t>(each.ofport);
        row.external_ids = external_ids(each);
        view.interfaces["id-" + each.host_interface] = row;
    }
    return view;
}

TEST(AttachmentRecord, survives_the_database) {
    auto with_pod = record("web", 7, "10.244.1.2");
    with_pod.addresses.push_back(address("fd00::2"));
    auto without_pod = with_pod;
    without_pod.pod.reset();
    auto without_uid = with_pod;
    without_uid.pod->uid.clear();
    auto with_zone = with_pod;
    with_zone.ct_zone = 65535;
    for (const auto& each : {with_pod, without_pod, without_uid, with_zone}) {
        const auto view = view_of({each});
        const auto read = read_record(view.interfaces.begin()->second);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(*read, each);
    }
}

TEST(AttachmentRecord, an_interface_of_somebody_else_has_none) {
    agent::InterfaceRow row;
    row.name = "eth1";
    row.external_ids = {{"iface-id", "x"}};
    EXPECT_EQ(*read_record(row), std::nullopt);
}

TEST(AttachmentRecord, one_that_cannot_be_read_names_interface_and_key) {
    auto row = view_of({record("web", 7, "10.244.1.2")}).interfaces.begin()->second;
    row.external_ids["ovs-cni/addresses"] = "10.244.1.2,nonsense";
    EXPECT_THAT(read_record(row).error().message, HasSubstr("h-web"));
    EXPECT_THAT(read_record(row).error().message, HasSubstr("ovs-cni/addresses"));
    row.external_ids["ovs-cni/addresses"] = "10.244.1.2";
    for (const auto* zone : {"0", "65536", "-1", "7x"}) {
        row.external_ids["ovs-cni/ct-zone"] = zone;
        EXPECT_THAT(read_record(row).error().message, HasSubstr("ovs-cni/ct-zone: '" + std::string(zone) + "'"));
    }
    row.external_ids["ovs-cni/version"] = "2";
    EXPECT_THAT(read_record(row).error().message, HasSubstr("version 2"));
}

TEST(Attachments, each_has_a_zone_that_no_other_has) {
    Attachments attachments;
    const ipam::MacAddress mac{{0x0a, 1, 2, 3, 4, 5}};
    auto first = record("a", 3, "10.244.1.2");
    first.ct_zone = attachments.free_ct_zone(mac);
    EXPECT_GT(*first.ct_zone, 0);
    EXPECT_LT(*first.ct_zone, flowgen::kSharedZone);
    EXPECT_THAT(attachments.load(view_of({first})), IsEmpty());
    EXPECT_EQ(attachments.free_ct_zone(mac), *first.ct_zone % (flowgen::kSharedZone - 1) + 1) << "the next one";
    EXPECT_NE(attachments.free_ct_zone({{0x0a, 1, 2, 3, 4, 9}}), *first.ct_zone);
}

TEST(Attachments, are_served_when_the_switch_has_the_port) {
    Attachments attachments;
    EXPECT_FALSE(attachments.loaded());
    EXPECT_THAT(attachments.load(view_of({record("a", 3, "10.244.1.2"), record("b", 0, "10.244.1.3")})), IsEmpty());
    EXPECT_TRUE(attachments.loaded());
    EXPECT_THAT(attachments.records(), SizeIs(2));
    ASSERT_THAT(attachments.for_compile(), SizeIs(1));
    EXPECT_EQ(attachments.for_compile()[0].ofport, 3);
}

TEST(Attachments, one_being_added_is_served_once_with_the_ofport_asked_for) {
    Attachments attachments;
    (void)attachments.load({});
    const auto added = record("a", 9, "10.244.1.2");
    ASSERT_TRUE(attachments.begin(added.key, Attachments::Doing::Adding));
    EXPECT_FALSE(attachments.begin(added.key, Attachments::Doing::Adding));
    EXPECT_THAT(attachments.for_compile(), IsEmpty()) << "it has no addresses yet";
    attachments.under_way(added.key)->record = added;
    EXPECT_TRUE(attachments.compile_is_stale());
    EXPECT_THAT(attachments.for_compile(), SizeIs(1));
    EXPECT_FALSE(attachments.compile_is_stale());
    const std::vector<std::string> names{"h-a"};
    (void)attachments.refresh(view_of({added}), names);
    EXPECT_FALSE(attachments.compile_is_stale()) << "its own row changes nothing";
    attachments.end(added.key);
    EXPECT_FALSE(attachments.compile_is_stale());
}

TEST(Attachments, the_end_of_an_add_is_no_change_beside_others) {
    Attachments attachments;
    const auto added = record("a", 9, "10.244.1.2");
    const auto other = record("b", 3, "10.244.1.3");
    (void)attachments.load(view_of({other}));
    ASSERT_TRUE(attachments.begin(added.key, Attachments::Doing::Adding));
    attachments.under_way(added.key)->record = added;
    EXPECT_THAT(attachments.for_compile(), SizeIs(2));
    const std::vector<std::string> names{"h-a"};
    (void)attachments.refresh(view_of({added, other}), names);
    attachments.end(added.key);
    EXPECT_FALSE(attachments.compile_is_stale());
}

TEST(Attachments, one_being_removed_is_not_served) {
    Attachments attachments;
    const auto removed = record("a", 3, "10.244.1.2");
    (void)attachments.load(view_of({removed}));
    ASSERT_TRUE(attachments.begin(removed.key, Attachments::Doing::Removing));
    EXPECT_THAT(attachments.for_compile(), IsEmpty());
    EXPECT_TRUE(attachments.find(removed.key));
}

TEST(Attachments, addresses_of_records_are_taken) {
    Attachments attachments;
    ASSERT_TRUE(attachments.set_ranges({prefix("10.244.1.0/29")}));
    (void)attachments.load(view_of({record("a", 3, "10.244.1.2"), record("b", 4, "10.244.1.3")}));
    EXPECT_EQ(attachments.address_use()[0].used, 2);
    EXPECT_EQ((*attachments.allocate())[0].text(), "10.244.1.4");
}

TEST(Attachments, addresses_of_a_row_that_somebody_else_removed_are_free) {
    Attachments attachments;
    ASSERT_TRUE(attachments.set_ranges({prefix("10.244.1.0/29")}));
    (void)attachments.load(view_of({record("a", 3, "10.244.1.2")}));
    const std::vector<std::string> names{"h-a"};
    EXPECT_THAT(attachments.refresh({}, names), ElementsAre(HasSubstr("h-a")));
    EXPECT_EQ(attachments.address_use()[0].used, 0);
    EXPECT_THAT(attachments.records(), IsEmpty());
}

TEST(Attachments, a_row_that_appears_takes_its_address) {
    Attachments attachments;
    ASSERT_TRUE(attachments.set_ranges({prefix("10.244.1.0/29")}));
    (void)attachments.load({});
    const std::vector<std::string> names{"h-a"};
    (void)attachments.refresh(view_of({record("a", 3, "10.244.1.2")}), names);
    EXPECT_EQ((*attachments.allocate())[0].text(), "10.244.1.3");
}

TEST(Attachments, a_new_pod_cidr_keeps_what_is_attached) {
    Attachments attachments;
    ASSERT_TRUE(attachments.set_ranges({prefix("10.244.1.0/29")}));
    (void)attachments.load(view_of({record("a", 3, "10.244.1.2")}));
    ASSERT_TRUE(attachments.set_ranges({prefix("10.9.0.0/29")}));
    EXPECT_EQ((*attachments.allocate())[0].text(), "10.9.0.2");
    EXPECT_THAT(attachments.records(), SizeIs(1));
    ASSERT_TRUE(attachments.set_ranges({}));
    EXPECT_FALSE(attachments.allocate());
}

TEST(Attachments, a_record_that_cannot_be_read_is_named_and_the_others_count) {
    auto view = view_of({record("a", 3, "10.244.1.2"), record("b", 4, "10.244.1.3")});
    view.interfaces["id-h-a"].external_ids["ovs-cni/mac"] = "nonsense";
    Attachments attachments;
    EXPECT_THAT(attachments.load(view), ElementsAre(HasSubstr("h-a")));
    EXPECT_THAT(attachments.for_compile(), SizeIs(1));
}

} // namespace
} // namespace agent
