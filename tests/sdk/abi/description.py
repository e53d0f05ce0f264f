#!/usr/bin/env python3
"""The plugin ABI as text: every struct with its members' offsets and types, and every constant.

    description.py INCLUDE_FOLDER            prints what the headers there say
    description.py --asserts FILE            prints C and C++ that compiles where the headers keep what FILE says
    description.py --release INCLUDE_FOLDER  writes down the headers' minor, once, before it is released

Of a released minor lie in released/: its description, MAJOR.MINOR.txt, and what abidw says of a library with all of its
types, MAJOR.MINOR.xml. To begin a minor: raise BINADE_ABI_MINOR, append, --release.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field

HEADERS = ["plugin.h", "tensor.h", "dataset.h", "precision.h", "logger.h", "model.h", "note.h"]
INCLUDES = "#include <stddef.h>\n" + "".join(f"#include <binade/abi/{header}>\n" for header in HEADERS)


@dataclass
class Struct:
    size: int
    members: list = field(default_factory=list)  # (name, offset, type)


@dataclass
class Description:
    structs: dict = field(default_factory=dict)
    constants: dict = field(default_factory=dict)

    def text(self):
        lines = []
        for name, struct in self.structs.items():
            lines.append(f"struct {name} {struct.size}")
            lines += [f"  {offset:4} {member}: {type_}" for member, offset, type_ in struct.members]
        lines += [f"constant {name} {value}" for name, value in sorted(self.constants.items())]
        return "\n".join(lines) + "\n"

    @staticmethod
    def parse(text):
        parsed = Description()
        for line in text.splitlines():
            if line.startswith("struct "):
                _, name, size = line.split()
                struct = parsed.structs[name] = Struct(int(size))
            elif line.startswith("constant "):
                _, name, value = line.split(" ", 2)
                parsed.constants[name] = value
            else:
                offset, member, type_ = re.fullmatch(r" +(\d+) (\w+): (.*)", line).groups()
                struct.members.append((member, int(offset), type_))
        return parsed


def may_grow(name, struct):
    """Structs that state their size; but every event begins with a binade_event."""
    return struct.members[0][0] in ("struct_size", "event") and name != "binade_event"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{done.stderr}")
    return done.stdout


def records(syntax):
    """Structs of the headers with their members' types, in the order of their definitions."""
    found = {}
    for node in syntax["inner"]:
        if node["kind"] != "RecordDecl" or not node.get("name", "").startswith("binade_"):
            continue
        members = [(part["name"], part["type"]["qualType"]) for part in node.get("inner", []) if part["kind"] == "FieldDecl"]
        if members:
            found[node["name"]] = members
    return found


def constants(includes):
    found = {}
    for line in run("clang", "-x", "c", "-std=c11", "-dM", "-E", "-I", includes, "-", input=INCLUDES).splitlines():
        match = re.fullmatch(r"#define (BINADE_\w+) (.+)", line)
        if match and match[1] not in ("BINADE_ABI_MINOR", "BINADE_PLUGIN_EXPORT"):
            found[match[1]] = match[2].strip("()")
    return found


def describe(includes):
    includes = str(includes)
    arguments = ["-x", "c", "-std=c11", "-I", includes]
    syntax = json.loads(run("clang", *arguments, "-fsyntax-only", "-Xclang", "-ast-dump=json", "-", input=INCLUDES))
    types = records(syntax)
    lines = []
    for name, members in types.items():
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        lines += [f'printf("{name}.{member} %zu\\n", offsetof({name}, {member}));' for member, _ in members]
    program = f"#include <stdio.h>\n{INCLUDES}\nint main(void) {{ {' '.join(lines)} }}"
    with tempfile.TemporaryDirectory() as folder:
        run("clang", *arguments, "-o", f"{folder}/layout", "-", input=program)
        numbers = dict(line.split() for line in run(f"{folder}/layout").splitlines())
    described = Description(constants=constants(includes))
    for name, members in types.items():
        struct = described.structs[name] = Struct(int(numbers[name]))
        struct.members = [(member, int(numbers[f"{name}.{member}"]), type_) for member, type_ in members]
    return described


def lost(older, newer):
    """What `newer` does not keep of `older`: names, offsets, types, the size of what never grows, constants."""
    mistakes = []
    for name, struct in older.structs.items():
        if name not in newer.structs:
            mistakes.append(f"{name} is gone")
            continue
        now = newer.structs[name]
        for member, current in zip(struct.members, now.members):
            if member != current:
                mistakes.append(f"{name}: {member} became {current}")
        if len(now.members) < len(struct.members):
            mistakes.append(f"{name} lost members")
        if now.size != struct.size and not (may_grow(name, struct) and now.size > struct.size):
            mistakes.append(f"{name}: {struct.size} bytes became {now.size}")
    for name, value in older.constants.items():
        if newer.constants.get(name) != value:
            mistakes.append(f"{name}: {value} became {newer.constants.get(name)}")
    return mistakes


def asserts(described):
    """A source that compiles, as C11 and C++17, only where the headers keep what is described."""
    lines = ["#ifdef __cplusplus", "#include <type_traits>",
             "#define KEEPS static_assert",
             "#define IS(TYPE, ...) std::is_same<decltype(TYPE), __VA_ARGS__>::value", "#else",
             "#define KEEPS _Static_assert", "#define IS(TYPE, ...) _Generic(&((TYPE)), __typeof__(__VA_ARGS__)*: 1, default: 0)",
             "#endif", INCLUDES.rstrip()]
    for name, struct in described.structs.items():
        relation = ">=" if may_grow(name, struct) else "=="
        lines.append(f'KEEPS(sizeof({name}) {relation} {struct.size}, "{name}");')
        for member, offset, type_ in struct.members:
            lines.append(f'KEEPS(offsetof({name}, {member}) == {offset}, "{name}.{member}");')
            lines.append(f'KEEPS(IS((({name}*)0)->{member}, {type_}), "{name}.{member}");'
                         if "[" not in type_ else f'KEEPS(sizeof((({name}*)0)->{member}) == sizeof({type_}), "{name}.{member}");')
    lines += [f'KEEPS({name} == {value}, "{name}");' for name, value in sorted(described.constants.items())
              if not value.startswith('"')]
    return "\n".join(lines) + "\n"


def build_types(includes, described, library):
    """A library whose debugging information has every type."""
    uses = "".join(f"void use_{name}({name}* it) {{ (void)it; }}\n" for name in described.structs)
    run("gcc", "-x", "c", "-std=c11", "-g", "-shared", "-fPIC", "-I", str(includes), "-o", str(library), "-",
        input=INCLUDES + uses)


def release(includes):
    described = describe(includes)
    text = (pathlib.Path(includes) / "binade/abi/plugin.h").read_text()
    minor = re.search(r"#define BINADE_ABI_MINOR (\d+)", text)[1]
    released = pathlib.Path(__file__).parent / "released" / f"{described.constants['BINADE_ABI_MAJOR']}.{minor}"
    released.with_name(released.name + ".txt").write_text(described.text())
    with tempfile.TemporaryDirectory() as folder:
        build_types(includes, described, f"{folder}/types.so")
        xml = run("abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed", f"{folder}/types.so")
    released.with_name(released.name + ".xml").write_text(xml)


if __name__ == "__main__":
    if sys.argv[1] == "--release":
        release(sys.argv[2])
    elif sys.argv[1] == "--asserts":
        print(asserts(Description.parse(pathlib.Path(sys.argv[2]).read_text())), end="")
    else:
        print(describe(sys.argv[1]).text(), end="")
