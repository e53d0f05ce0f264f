//! A logger: receives the events of a run on a thread of its own, behind a queue.

use crate::abi;
use crate::{Host, Options, Result};
use std::mem::size_of;
use std::os::raw::c_void;

/// A failure is counted; the run continues. The strings in events are valid until the call returns.
pub trait Logger: Sized + Send + 'static {
    fn new(options: &Options, host: Host) -> Result<Self>;
    fn step(&mut self, step: &abi::Step) -> Result<()>;
    fn run_start(&mut self, _start: &abi::RunStart) -> Result<()> {
        Ok(())
    }
    /// Follows `run_start` if the run continues from a checkpoint. The steps after the checkpoint are repeated, so
    /// truncate a record in the run's folder to it, and drop an incomplete last line.
    fn resumed(&mut self, _resumed: &abi::Resumed) -> Result<()> {
        Ok(())
    }
    fn evaluation(&mut self, _evaluation: &abi::Evaluation) -> Result<()> {
        Ok(())
    }
    fn message(&mut self, _message: &abi::Message) -> Result<()> {
        Ok(())
    }
    fn run_end(&mut self, _end: &abi::RunEnd) -> Result<()> {
        Ok(())
    }
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
    crate::guard(error, || {
        let logger = &mut *(this as *mut L);
        // Each event begins with its header.
        match (*event).kind {
            abi::EVENT_RUN_START => logger.run_start(&abi::whole(event as *const abi::RunStart)),
            abi::EVENT_STEP => logger.step(&abi::whole(event as *const abi::Step)),
            abi::EVENT_EVALUATION => logger.evaluation(&abi::whole(event as *const abi::Evaluation)),
            abi::EVENT_MESSAGE => logger.message(&abi::whole(event as *const abi::Message)),
            abi::EVENT_RUN_END => logger.run_end(&abi::whole(event as *const abi::RunEnd)),
            abi::EVENT_RESUMED => logger.resumed(&abi::whole(event as *const abi::Resumed)),
            _ => Ok(()),
        }
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
