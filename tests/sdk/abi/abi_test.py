#!/usr/bin/env python3
"""abi_test.py TREE: nothing that was released of the plugin ABI changes, and what is new is written down."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import description
from description import Description

tree = pathlib.Path(sys.argv.pop(1))
includes = tree / "sdk/include"
released = pathlib.Path(__file__).parent / "released"


def minors():
    """MAJOR.MINOR of each, oldest first."""
    return sorted((path.stem for path in released.glob("*.txt")), key=lambda name: [int(n) for n in name.split(".")])


def of(minor):
    return Description.parse((released / f"{minor}.txt").read_text())


def abidiff(minor, headers):
    with tempfile.TemporaryDirectory() as folder:
        description.build_types(headers, description.describe(headers), f"{folder}/types.so")
        return subprocess.run(["abidiff", "--no-show-locs", released / f"{minor}.xml", f"{folder}/types.so"],
                              capture_output=True, text=True)


class Released(unittest.TestCase):
    def test_there_is_a_past(self):
        self.assertEqual(minors()[:3], ["1.0", "1.1", "1.2"])

    def test_each_minor_begins_with_the_one_before_it(self):
        for older, newer in zip(minors(), minors()[1:]):
            self.assertEqual(description.lost(of(older), of(newer)), [], f"{older} to {newer}")

    def test_headers_are_what_the_newest_minor_says(self):
        self.assertEqual(description.describe(includes).text(), of(minors()[-1]).text(),
                         "released structs stay as they are; what is new begins a minor: see description.py")

    def test_headers_compile_with_the_asserts_of_every_minor(self):
        for minor in minors():
            source = description.asserts(of(minor))
            self.assertGreater(source.count("KEEPS("), 300)
            for compiler in (["gcc", "-x", "c", "-std=c11"], ["g++", "-x", "c++", "-std=c++17"],
                             ["clang", "-x", "c", "-std=c11"], ["clang++", "-x", "c++", "-std=c++17"]):
                done = subprocess.run([*compiler, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", includes, "-"],
                                      input=source, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, f"{minor} with {compiler[0]}:\n{done.stderr}")

    def test_frozen_headers_are_what_their_minor_says(self):
        for folder in released.glob("*/include"):
            minor = folder.parent.name
            self.assertEqual(description.describe(folder).text(), of(minor).text(), minor)

    @unittest.skipUnless(shutil.which("abidiff"), "abidiff is not installed")
    def test_abidiff_finds_nothing_but_what_was_appended(self):
        done = abidiff(minors()[-1], includes)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        for minor in minors()[:-1]:
            report = abidiff(minor, includes).stdout
            self.assertEqual("1 data member insertion" in report, minor == "1.0", minor)  # 1.2 appended an event
            for word in ("deletion", "offset changed", "type name changed", "Removed, 0"):
                self.assertNotIn(word, report.replace("0 Removed", ""), minor)


class Changed(unittest.TestCase):
    """That the checks above see what they are for."""

    def changed(self, header, old, new):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        folder = pathlib.Path(temporary.name)
        shutil.copytree(includes / "binade/abi", folder / "binade/abi")
        path = folder / "binade/abi" / header
        text = path.read_text()
        self.assertEqual(text.count(old), 1, old)
        path.write_text(text.replace(old, new))
        return folder

    def lost(self, *change):
        return description.lost(of("1.0"), description.describe(self.changed(*change)))

    def test_two_members_of_one_type_that_changed_places(self):
        mistakes = self.lost("logger.h", "double loss_scale;      /* used by this step; 1 without scaling */\n"
                             "  double seconds;         /* wall time of this step */",
                             "double seconds;\n  double loss_scale;")
        self.assertEqual(len(mistakes), 2, mistakes)

    def test_another_signature_at_the_same_place(self):
        mistakes = self.lost("plugin.h", "void (*log)(const struct binade_host* self, int32_t level,",
                             "void (*log)(const struct binade_host* self, uint32_t level,")
        self.assertEqual(len(mistakes), 1, mistakes)
        self.assertIn("log", mistakes[0])

    def test_a_member_in_the_middle(self):
        self.assertGreater(len(self.lost("dataset.h", "  uint64_t seed;", "  uint64_t stream;\n  uint64_t seed;")), 4)

    def test_a_member_that_is_gone(self):
        self.assertIn("binade_read lost members", self.lost("dataset.h", "  uint64_t buffer_count;\n", ""))

    def test_a_constant_with_another_value(self):
        self.assertEqual(self.lost("plugin.h", "#define BINADE_NOT_FOUND 3", "#define BINADE_NOT_FOUND 7"),
                         ["BINADE_NOT_FOUND: 3 became 7"])

    def test_growth_of_what_stands_in_arrays(self):
        mistakes = self.lost("logger.h", "  double value;\n} binade_scalar;", "  double value;\n  double weight;\n} binade_scalar;")
        self.assertEqual(mistakes, ["binade_scalar: 24 bytes became 32"])

    def test_growth_of_the_header_of_events(self):
        self.assertIn("binade_event: 16 bytes became 24",
                      self.lost("logger.h", "  double time; /* Unix time in seconds */",
                                "  double time;\n  uint64_t thread;"))

    def test_what_was_appended_is_no_loss_but_has_to_be_written_down(self):
        headers = self.changed("precision.h", "  double scale;\n} binade_decision;",
                               "  double scale;\n  double more;\n} binade_decision;")
        self.assertEqual(description.lost(of("1.0"), description.describe(headers)), [])
        self.assertNotEqual(description.describe(headers).text(), of(minors()[-1]).text())

    def test_asserts_do_not_compile_with_another_signature(self):
        headers = self.changed("plugin.h", "void (*log)(const struct binade_host* self, int32_t level,",
                               "void (*log)(const struct binade_host* self, uint32_t level,")
        for compiler in (["gcc", "-x", "c", "-std=c11"], ["g++", "-x", "c++", "-std=c++17"]):
            done = subprocess.run([*compiler, "-fsyntax-only", "-I", headers, "-"],
                                  input=description.asserts(of("1.0")), capture_output=True, text=True)
            self.assertIn("binade_host.log", done.stderr)

    @unittest.skipUnless(shutil.which("abidiff"), "abidiff is not installed")
    def test_abidiff_sees_another_signature(self):
        headers = self.changed("plugin.h", "double amount);    /* counter, gauge */", "float amount);")
        self.assertNotEqual(abidiff(minors()[-1], headers).returncode, 0)


if __name__ == "__main__":
    unittest.main()
