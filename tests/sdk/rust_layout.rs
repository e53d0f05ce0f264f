// Prints the sizes of the crate's structs; rust_layout.c prints those of the headers.
#[allow(dead_code)]
#[path = "abi.rs"]
mod abi;

macro_rules! sizes {
    ($($name:ident),*) => { $(println!("{} {}", stringify!($name), std::mem::size_of::<abi::$name>());)* };
}

fn main() {
    println!("ABI {}.{}", abi::ABI_MAJOR, abi::ABI_MINOR);
    sizes!(Text, Error, Value, Options, Plugin, Field, Description, Buffer, Read, DatasetTable, Policy, Outcome);
    sizes!(Decision, State, PrecisionTable, Event, Step, LoggerTable);
}
