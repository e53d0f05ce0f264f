//! A logger: told of each step, on a thread of its own behind a queue.

use crate::abi;
use crate::{Host, Options, Result};
use std::mem::size_of;
use std::os::raw::c_void;

/// A failure is counted; the run goes on. Of the events this version tells of steps.
pub trait Logger: Sized + Send + 'static {
    fn new(options: &Options, host: Host) -> Result<Self>;
    fn step(&mut self, step: &abi::Step) -> Result<()>;
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

unsafe extern "C" fn create<L: Logger>(
    host: *const abi::Host,
    options: *const abi::Options,
    this: *mut *mut c_void,
    error: *mut abi::Error,
) -> i32 {
    crate::create(host, options, this, error, L::new)
}
unsafe extern "C" fn write<L: Logger>(this: *mut c_void, event: *const abi::Event, error: *mut abi::Error) -> i32 {
    crate::guard(error, || match (*event).kind {
        // Each event begins with its header.
        abi::EVENT_STEP => (*(this as *mut L)).step(&*(event as *const abi::Step)),
        _ => Ok(()),
    })
}
unsafe extern "C" fn flush<L: Logger>(this: *mut c_void, error: *mut abi::Error) -> i32 {
    crate::guard(error, || (*(this as *mut L)).flush())
}

/// The table of a logger; the macro `logger!` exports it.
pub const fn logger_table<L: Logger>() -> abi::LoggerTable {
    abi::LoggerTable {
        struct_size: size_of::<abi::LoggerTable>() as u32,
        reserved: 0,
        create: create::<L>,
        destroy: crate::destroy::<L>,
        write: write::<L>,
        flush: Some(flush::<L>),
    }
}
