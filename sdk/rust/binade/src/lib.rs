//! Datasets, precision policies and loggers for Binade. A plugin is a `cdylib` with one struct, one trait and one
//! macro:
//!
//! ```ignore
//! struct Waves { noise: f64 }
//! impl binade::Dataset for Waves { ... }
//! binade::dataset!(Waves, "../waves.toml");   // the manifest, relative to this source file
//! ```
//!
//! A panic becomes the error message of the call that panicked; nothing unwinds out of the plugin.

pub mod abi;
mod dataset;
mod host;
mod logger;
pub mod note;
mod options;
mod precision;

pub use dataset::{dataset_table, Dataset, Description, Element, Sample};
pub use host::{Counter, Gauge, Histogram, Host};
pub use logger::{logger_table, Logger};
pub use options::{Failure, Options, Result, Value};
pub use precision::{precision_table, Decision, Override, Precision};

use std::os::raw::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};

// Runs `body` and turns a failure or panic into a status and a message.
pub(crate) unsafe fn guard(error: *mut abi::Error, body: impl FnOnce() -> Result<()>) -> i32 {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return abi::OK,
        Ok(Err(failure)) => failure,
        Err(panic) => Failure::new(abi::FAILED, panic_message(&*panic)),
    };
    ((*error).set)(error, failure.status, options::text(&failure.message));
    failure.status
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.unwrap_or_else(|| "with a value that is not a string".into()))
}

pub(crate) unsafe fn create<T>(
    host: *const abi::Host,
    options: *const abi::Options,
    this: *mut *mut c_void,
    error: *mut abi::Error,
    make: fn(&Options, Host) -> Result<T>,
) -> i32 {
    guard(error, || {
        let made = make(&Options::from_host(options), Host::from_abi(host))?;
        *this = Box::into_raw(Box::new(made)) as *mut c_void;
        Ok(())
    })
}

pub(crate) unsafe extern "C" fn destroy<T>(this: *mut c_void) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(this as *mut T))));
}

/// Exports a table and embeds the manifest. Used by the macros of the plugin kinds.
#[doc(hidden)]
#[macro_export]
macro_rules! export {
    ($kind:expr, $table_type:ty, $table:expr, $manifest:literal) => {
        static BINADE_TABLE: $table_type = $table;
        #[no_mangle]
        #[allow(non_upper_case_globals)]
        pub static binade_plugin_v1: $crate::abi::Plugin = $crate::abi::Plugin {
            struct_size: ::std::mem::size_of::<$crate::abi::Plugin>() as u32,
            abi_major: $crate::abi::ABI_MAJOR,
            abi_minor: $crate::abi::ABI_MINOR,
            kind: $kind,
            table: &BINADE_TABLE as *const $table_type as *const _,
        };
        const BINADE_MANIFEST: &str = include_str!($manifest);
        #[used]
        #[link_section = ".note.binade"]
        static BINADE_NOTE: $crate::note::Note<{ $crate::note::padded(BINADE_MANIFEST) }> =
            $crate::note::note(BINADE_MANIFEST);
    };
}

/// `dataset!(Type, "../manifest.toml")`
#[macro_export]
macro_rules! dataset {
    ($type:ty, $manifest:literal) => {
        $crate::export!(
            $crate::abi::KIND_DATASET,
            $crate::abi::DatasetTable,
            $crate::dataset_table::<$type>(),
            $manifest
        );
    };
}

/// `precision!(Type, "../manifest.toml")`
#[macro_export]
macro_rules! precision {
    ($type:ty, $manifest:literal) => {
        $crate::export!(
            $crate::abi::KIND_PRECISION,
            $crate::abi::PrecisionTable,
            $crate::precision_table::<$type>(),
            $manifest
        );
    };
}

/// `logger!(Type, "../manifest.toml")`
#[macro_export]
macro_rules! logger {
    ($type:ty, $manifest:literal) => {
        $crate::export!($crate::abi::KIND_LOGGER, $crate::abi::LoggerTable, $crate::logger_table::<$type>(), $manifest);
    };
}
