#include "daemonset/cluster/manifests/manifest_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace agent::cluster {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::vector<Document> read(std::string_view text, Format format = Format::Yaml) {
    auto documents = read_manifest(text, format);
    EXPECT_TRUE(documents) << documents.error().line << ": " << documents.error().reason;
    return documents.value_or(std::vector<Document>());
}

json first(std::string_view text, Format format = Format::Yaml) {
    const auto documents = read(text, format);
    EXPECT_EQ(documents.size(), 1U);
    return documents.empty() ? json() : documents.front().object;
}

/// "LINE: reason"
std::string error(std::string_view text, Format format = Format::Yaml) {
    const auto documents = read_manifest(text, format);
    EXPECT_FALSE(documents);
    return documents ? "" : std::to_string(documents.error().line) + ": " + documents.error().reason;
}

TEST(ManifestReader, quoted_scalars_are_strings_and_plain_ones_have_types) {
    const json object = first(R"(
port: 80
single: '80'
double: "80"
block: |
  80
folded: >-
  true
flag: true
empty:
quoted_null: "null"
tagged: !!str 80
number: !!int "80"
list: [1, "1", 1.5]
)");
    EXPECT_EQ(object, json::parse(R"({"port": 80, "single": "80", "double": "80", "block": "80\n", "folded": "true",
        "flag": true, "empty": null, "quoted_null": "null", "tagged": "80", "number": 80, "list": [1, "1", 1.5]})"));
}

TEST(ManifestReader, every_value_knows_its_line) {
    const auto documents = read("a: 1\nb:\n  c:\n  - 5\n  -\n    d: 6\n---\n\n# remark\nz: {y: [7,\n 8]}\n");
    ASSERT_EQ(documents.size(), 2U);
    const LineTree& lines = documents[0].lines;
    EXPECT_EQ(lines.line, 1);
    EXPECT_EQ(lines.at(FieldPath{{"a"}}), 1);
    EXPECT_EQ(lines.at(FieldPath{{"b"}}), 2);
    EXPECT_EQ(lines.at(FieldPath{{"b", "c"}}), 3);
    EXPECT_EQ(lines.at(FieldPath{{"b", "c", 0U}}), 4);
    EXPECT_EQ(lines.at(FieldPath{{"b", "c", 1U, "d"}}), 6);
    EXPECT_EQ(lines.at(FieldPath{{"b", "missing", "deeper"}}), 2);
    EXPECT_EQ(documents[1].lines.line, 10);
    EXPECT_EQ(documents[1].lines.at(FieldPath{{"z", "y", 1U}}), 11);
}

TEST(ManifestReader, every_value_of_json_knows_its_line) {
    const auto documents = read("{\n\"a\": 1,\n\"b\":\n[2\n,\n\"x\", {\n\"c\": null}]}\n\n{\"d\": 1}", Format::Json);
    ASSERT_EQ(documents.size(), 2U);
    const LineTree& lines = documents[0].lines;
    EXPECT_EQ(lines.line, 1);
    EXPECT_EQ(lines.at(FieldPath{{"a"}}), 2);
    EXPECT_EQ(lines.at(FieldPath{{"b"}}), 3);
    EXPECT_EQ(lines.at(FieldPath{{"b", 0U}}), 4);
    EXPECT_EQ(lines.at(FieldPath{{"b", 1U}}), 6);
    EXPECT_EQ(lines.at(FieldPath{{"b", 2U, "c"}}), 7);
    EXPECT_EQ(documents[1].lines.line, 9);
}

TEST(ManifestReader, empty_documents_are_left_out) {
    EXPECT_TRUE(read("").empty());
    EXPECT_TRUE(read("# nothing\n").empty());
    EXPECT_TRUE(read(" \n", Format::Json).empty());
    EXPECT_EQ(read("---\n---\na: 1\n---\n# only a remark\n---\nb: 2\n...\n").size(), 2U);
}

TEST(ManifestReader, directives_and_document_ends_separate_documents) {
    EXPECT_EQ(read("%YAML 1.2\n---\na: 1\n...\n# remark\nb: 2\n...\n%YAML 1.2\n---\nc: 3\n").size(), 3U);
}

TEST(ManifestReader, lists_are_taken_apart_at_any_depth) {
    const auto documents = read(R"(
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: a}}
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: Pod, metadata: {name: b}}
- {apiVersion: v1, kind: Pod, metadata: {name: c}}
)");
    ASSERT_EQ(documents.size(), 3U);
    EXPECT_EQ(documents[0].object["metadata"]["name"], "a");
    EXPECT_EQ(documents[1].object["metadata"]["name"], "b");
    EXPECT_EQ(documents[2].object["metadata"]["name"], "c");
    EXPECT_EQ(documents[1].lines.line, 9);
    EXPECT_EQ(documents[1].lines.at(FieldPath{{"metadata", "name"}}), 9);
}

TEST(ManifestReader, items_of_a_typed_list_get_its_kind) {
    const auto documents = read(R"({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList", "items": [
        {"metadata": {"name": "a"}}]})");
    ASSERT_EQ(documents.size(), 1U);
    EXPECT_EQ(documents[0].object["kind"], "NetworkPolicy");
    EXPECT_EQ(documents[0].object["apiVersion"], "networking.k8s.io/v1");
    EXPECT_EQ(documents[0].lines.line, 2);
}

TEST(ManifestReader, a_list_without_items_is_empty) {
    EXPECT_TRUE(read("{apiVersion: v1, kind: List, items: []}").empty());
    EXPECT_TRUE(read("{apiVersion: v1, kind: PodList, items: null}").empty());
}

TEST(ManifestReader, anchors_and_aliases_stand_for_their_value) {
    const json object = first("a: &x {k: [1, 2]}\nb: *x\nc: [&y text, *y]\n*y : 3\n");
    EXPECT_EQ(object, json::parse(R"({"a": {"k": [1, 2]}, "b": {"k": [1, 2]}, "c": ["text", "text"], "text": 3})"));
}

TEST(ManifestReader, merge_keys_add_what_is_not_given) {
    const json object =
        first("base: &b {x: 1, y: 2}\nmore: &m {x: 8, z: 9}\none: {<<: *b, y: 5}\nboth: {<<: [*b, *m]}\n");
    EXPECT_EQ(object["one"], json::parse(R"({"x": 1, "y": 5})"));
    EXPECT_EQ(object["both"], json::parse(R"({"x": 1, "y": 2, "z": 9})"));
    EXPECT_EQ(first("{'<<': {x: 1}}"), json::parse(R"({"<<": {"x": 1}})"));
}

TEST(ManifestReader, a_windows_file_reads_the_same) {
    EXPECT_EQ(first("\xef\xbb\xbf"
                    "a: 1\r\nb: text\r\n"),
              json::parse(R"({"a": 1, "b": "text"})"));
}

TEST(ManifestReader, json_inside_yaml_keeps_its_escapes) {
    EXPECT_EQ(first(R"({"a": "\ud83d\ude00\/"})"), (json{{"a", "\xf0\x9f\x98\x80/"}}));
    EXPECT_EQ(first("{a: b, c: 'd'}"), (json{{"a", "b"}, {"c", "d"}}));
}

TEST(ManifestReader, broken_yaml_names_the_line) {
    EXPECT_THAT(error("a: 1\nb: [1,\n"), HasSubstr("not YAML: "));
    EXPECT_THAT(error("a: 1\nb:\n\t- 1\n"), HasSubstr("3: not YAML: "));
    EXPECT_THAT(error("a:\n  b: 1\n c: 2\n"), HasSubstr("3: "));
    EXPECT_THAT(error("a: 1\nb: *nobody\n"), HasSubstr("2: not YAML: "));
    EXPECT_THAT(error("a: 1\nb: \"\\ud800\"\n"), HasSubstr("2: not YAML: "));
}

TEST(ManifestReader, what_does_not_continue_the_document_is_an_error) {
    EXPECT_EQ(error("{a: b}\nc: d\n"),
              "2: this does not continue the lines above: wrong indentation, or '---' missing");
}

TEST(ManifestReader, stray_punctuation_is_an_error) {
    for (const std::string text : {"]", "--- ]", "a: 1\n---\n}", "...\n]"})
        EXPECT_THAT(error(text), HasSubstr(": not YAML: illegal flow end")) << text;
    for (const std::string text : {", a: b", "a: 1\n...\n, b: 2", "--- , a"})
        EXPECT_THAT(error(text), HasSubstr(": this does not continue the lines above")) << text;
}

TEST(ManifestReader, a_key_given_twice_is_an_error) {
    EXPECT_EQ(error("a: 1\nb: 2\na: 3\n"), "3: key 'a' was already given in line 1");
    EXPECT_EQ(error("{\"x\": {\n\"a\": 1,\n\"a\": 2}}", Format::Json), "3: key 'a' was already given in line 2");
}

TEST(ManifestReader, keys_have_to_be_text) {
    EXPECT_THAT(error("[a, b]: 1\n"), HasSubstr("1: a key must be text"));
    EXPECT_THAT(error("a: 1\n~: 2\n"), HasSubstr("2: a key is missing"));
    EXPECT_THAT(error("a: &x 5\n*x : 2\n"), HasSubstr("2: a key must be text"));
}

TEST(ManifestReader, a_wrong_tag_is_an_error) { EXPECT_EQ(error("a: !!int x\n"), "1: 'x' is not of the type !!int"); }

TEST(ManifestReader, merging_what_is_no_object_is_an_error) {
    EXPECT_EQ(error("a: 1\n<<: text\n"), "2: '<<' takes an object or an array of objects");
    EXPECT_EQ(error("<<: [{a: 1}, 2]\n"), "1: '<<' takes an object or an array of objects");
}

TEST(ManifestReader, aliases_cannot_grow_beyond_all_bounds) {
    std::string text = "a: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
    for (int i = 1; i < 10; ++i) {
        const std::string alias = "*a" + std::to_string(i - 1);
        text += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
        for (int j = 1; j < 10; ++j) text += "," + alias;
        text += "]\n";
    }
    EXPECT_THAT(error(text), HasSubstr("more than 1000000 values"));
}

TEST(ManifestReader, aliases_cannot_nest_beyond_all_bounds) {
    std::string text = "k0: &a0 1\n";
    for (int i = 1; i < 300; ++i)
        text += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
    EXPECT_THAT(error(text), HasSubstr("nested deeper than 200 levels"));
    EXPECT_THAT(error("a: &x [*x]\n"), HasSubstr("1: an alias inside the value that it stands for"));
}

TEST(ManifestReader, depth_is_bounded_in_both_formats) {
    const std::string deep = R"({"a":)" + std::string(250, '[') + std::string(250, ']') + "}";
    EXPECT_EQ(error(deep, Format::Json), "1: nested deeper than 200 levels");
    EXPECT_EQ(error(deep, Format::Yaml), "1: nested deeper than 200 levels");
    const std::string bottomless(100000, '[');
    EXPECT_THAT(error(bottomless, Format::Json), HasSubstr("nested deeper"));
    EXPECT_THAT(error(bottomless, Format::Yaml), HasSubstr("1: "));
}

TEST(ManifestReader, broken_json_names_the_line) {
    EXPECT_EQ(error("{\"a\":\n[1,\n2 3]}", Format::Json),
              "3: not JSON: syntax error while parsing array - unexpected number literal; expected ']'");
    EXPECT_THAT(error("{\"a\": 1", Format::Json), HasSubstr("1: not JSON: "));
    EXPECT_THAT(error("{} x", Format::Json), HasSubstr("1: not JSON: "));
    EXPECT_THAT(error("{\"a\": 1e999}", Format::Json), HasSubstr("number overflow"));
}

TEST(ManifestReader, only_text_is_read) {
    EXPECT_EQ(error("a: 1\nb: \xff\n"), "2: not UTF-8 (byte 255)");
    EXPECT_EQ(error("a: 1\nb: \xed\xa0\x80\n"), "2: not UTF-8 (byte 237)");
    EXPECT_EQ(error("a: \xc3"), "1: not UTF-8 (byte 195)");
    EXPECT_EQ(error(std::string("a: 1\n\0", 6)), "2: a control character (byte 0): not a text file");
    EXPECT_EQ(first("a: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), (json{{"a", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"}}));
}

TEST(ManifestReader, documents_have_to_be_objects) {
    EXPECT_EQ(error("a: 1\n---\n- 1\n"), "3: not a Kubernetes object but array");
    EXPECT_EQ(error("just text"), "1: not a Kubernetes object but string");
    EXPECT_EQ(error("kind: List\nitems:\n- 5\n"), "3: not a Kubernetes object but number");
}

TEST(ManifestReader, the_name_tells_the_format) {
    EXPECT_EQ(format_of("a.json"), Format::Json);
    EXPECT_EQ(format_of("a.yaml"), Format::Yaml);
    EXPECT_EQ(format_of("<stdin>"), Format::Yaml);
}

} // namespace
} // namespace agent::cluster
