#!/usr/bin/env python3
"""rust_layout.py INCLUDE_FOLDER ABI_RS: the crate's structs have the headers' sizes, members and offsets, its constants
their values. Exit code 1 and a list where not."""
import pathlib
import re
import subprocess
import sys
import tempfile

import description

headers, source = sys.argv[1], pathlib.Path(sys.argv[2])
OTHER_NAMES = {"Text": "string", "Step": "step_event", "RunStart": "run_start_event", "Evaluation": "evaluation_event",
               "Message": "message_event", "RunEnd": "run_end_event", "Resumed": "resumed_event"}
# Models are C++; the notes are written by note.rs, which the host's tests read.
NOT_IN_RUST = {"binade_batch", "binade_loss", "binade_tensors", "binade_model_table", "binade_note_header",
               "binade_manifest_header", "binade_build_block"}


def c_name(rust):
    return "binade_" + OTHER_NAMES.get(rust, re.sub(r"(?<!^)(?=[A-Z])", "_", rust).lower())


text = source.read_text()
structs = {name: re.findall(r"pub (\w+):", body) for name, body in re.findall(r"pub struct (\w+) \{\n(.*?)\n\}", text, re.S)}
structs.pop("Series")  # opaque
lines = []
for name, members in structs.items():
    lines.append(f'println!("{name} {{}}", std::mem::size_of::<abi::{name}>());')
    lines += [f'println!("{name}.{member} {{}}", unsafe {{ let it = std::mem::MaybeUninit::<abi::{name}>::uninit();'
              f' std::ptr::addr_of!((*it.as_ptr()).{member}) as usize - it.as_ptr() as usize }});' for member in members]
constants = re.findall(r"pub const ([A-Z_0-9]+): (?:u32|i32) = ", text)
lines += [f'println!("{name} {{}}", abi::{name});' for name in constants]
with tempfile.TemporaryDirectory() as folder:
    program = pathlib.Path(folder, "layout.rs")
    program.write_text(f'#[allow(dead_code)]\n#[path = "{source.resolve()}"]\nmod abi;\nfn main() {{\n' + "\n".join(lines) + "\n}\n")
    description.run("rustc", "--edition", "2021", "-o", f"{folder}/layout", str(program))
    numbers = dict(line.split() for line in description.run(f"{folder}/layout").splitlines())

described = description.describe(headers)
described.constants["BINADE_ABI_MINOR"] = re.search(
    r"#define BINADE_ABI_MINOR (\d+)", pathlib.Path(headers, "binade/abi/plugin.h").read_text())[1]
mistakes = []
for name, members in structs.items():
    struct = described.structs.get(c_name(name))
    if struct is None:
        mistakes.append(f"{name}: the headers have no {c_name(name)}")
        continue
    mine = [(member.replace("kind", "type") if (name, member) in (("Value", "kind"), ("Event", "kind")) else member,
             int(numbers[f"{name}.{member}"])) for member in members]
    if mine != [(member, offset) for member, offset, _ in struct.members]:
        mistakes.append(f"{name}: {mine}\n  is not {struct}")
    if int(numbers[name]) != struct.size:
        mistakes.append(f"{name}: {numbers[name]} bytes, not {struct.size}")
for name in constants:
    if numbers[name] != described.constants.get("BINADE_" + name, "").rstrip("u"):
        mistakes.append(f"{name} is {numbers[name]}, not {described.constants.get('BINADE_' + name)}")
missing = set(described.structs) - NOT_IN_RUST - {c_name(name) for name in structs}
mistakes += [f"the crate has no {name}" for name in sorted(missing)]
print("\n".join(mistakes) or f"{len(structs)} structs and {len(constants)} constants are the headers'")
sys.exit(bool(mistakes))
