"""The program `check-pages`: what it finds on pages that are wrong, and that it is silent on those that are right."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[3]


def load(path):
    """A program without a name in .py as a module."""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("check_pages", str(path))
    spec = importlib.util.spec_from_loader("check_pages", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


check_pages = load(SOURCE / "tools/check-pages")


class Pages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        subprocess.run(["git", "init", "--quiet", self.root], check=True)
        self.write("ipam/pool.cpp", "int Pool::take() { return next(); }\n")
        self.write("ipam/pool.h", "class Pool { int take(); int size(); };\n")
        self.write("docs/other.md", "# Other\n\n## What is `new`, and why?\n\n## Twice\n\n## Twice\n")

    def write(self, name, text):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def complaints(self, text):
        page = self.write("docs/page.md", text)
        found = check_pages.complaints_of(page, check_pages.Checkout(self.root))
        return [f"{number}: {each}" for number, each in found]

    def assert_wrong(self, text, *words):
        found = self.complaints(text)
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def test_a_right_page_is_right(self):
        right = (
            "# Page\n\n[other](other.md#what-is-new-and-why), [second](other.md#twice-1), [here](#page)\n"
            "[another site](https://host/page)\n"
            "`ipam/pool.cpp`, `ipam/`, `ipam/*.h`, `pool.h`, `/etc/ipam/pool.conf`, `ipam/pool.cpp:3`\n"
            "| `ipam/pool.cpp` | `Pool::take()` | `size()` of the header |\n"
            "```\ntools/lab apply -f manifests/ " + "x" * 100 + "\n```\n"
        )
        self.assertEqual(self.complaints(right), [])

    def test_a_file_that_has_moved_is_found(self):
        self.assert_wrong("one\n`ipam/gone.cpp`\n", "2: ", "`ipam/gone.cpp`")
        self.assert_wrong("`gone.h`\n", "`gone.h`")
        self.assert_wrong("`gone/`\n", "`gone/`")
        self.assert_wrong("```\ncat ipam/gone.cpp\n```\n", "`ipam/gone.cpp`")

    def test_a_folder_that_only_leftovers_are_in_is_gone(self):
        self.write(".gitignore", "*.pyc\n")
        self.write("ipam/old/left.pyc", "")
        self.assert_wrong("`ipam/old/`\n", "`ipam/old/`")

    def test_a_link_that_leads_nowhere_is_found(self):
        self.assert_wrong("[gone](gone.md)\n", "gone.md beside this page")
        self.assert_wrong("[gone](other.md#gone)\n", "no heading for #gone")
        self.assert_wrong("[gone](#gone)\n", "no heading for #gone")
        self.assert_wrong("[out](../../etc)\n", "../../etc")

    def test_a_function_that_is_not_in_its_file_is_found(self):
        self.assert_wrong("| `ipam/pool.cpp` | `Pool::give()` |\n", "`Pool::give()` is not in ipam/pool.cpp")

    def test_a_test_that_is_not_there_is_found(self):
        self.write("tests/pool_test.cpp", "TEST(Pool, gives_what_it_took_last) {}\n")
        self.assertEqual(self.complaints("`gives_what_it_took_last`\n"), [])
        self.assert_wrong("`gives_what_it_took_first`\n", "`gives_what_it_took_first` is in no source")

    def test_a_long_line_is_found_except_a_link_and_a_table(self):
        self.assert_wrong("word " * 21 + "\n", "105 columns")
        self.assertEqual(self.complaints("| " + "word " * 30 + "|\n- https://host/" + "x" * 120 + "\n"), [])


class Picture(unittest.TestCase):
    ARROWS = {"top": {"middle", "floor"}, "middle": {"floor"}, "floor": set()}

    def complaints(self, *lines):
        text = "```\n" + "\n".join(lines) + "\n```\n"
        return [each for _, each in check_pages.picture_complaints(text, self.ARROWS)]

    def test_it_has_the_arrows_that_do_not_follow_from_others(self):
        self.assertEqual(self.complaints("top ─► middle   words", "middle ─► floor", "floor ─► nothing"), [])

    def test_an_arrow_too_many_or_too_few_is_found(self):
        self.assertEqual(
            self.complaints("top ─► middle, floor", "middle ─► nothing", "floor ─► nothing"),
            ["the arrows of top are middle", "the arrows of middle are floor"],
        )

    def test_a_room_that_is_missing_is_found(self):
        self.assertEqual(self.complaints("top ─► middle", "middle ─► floor"), ["the picture lacks the room floor"])

    def test_an_arrow_that_points_up_is_found(self):
        self.assertEqual(
            self.complaints("floor ─► nothing", "top ─► middle", "middle ─► floor"),
            ["the arrow from middle to floor points up: draw floor below it"],
        )


if __name__ == "__main__":
    unittest.main()
