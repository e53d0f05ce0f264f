//! The C contract of `binade/abi/*.h`, by hand: the layouts are compared with the headers by a test of Binade's.
#![allow(missing_docs)]

use std::os::raw::c_void;

pub const ABI_MAJOR: u32 = 0;
pub const ABI_MINOR: u32 = 3;

pub const OK: i32 = 0;
pub const FAILED: i32 = 1;
pub const INVALID_ARGUMENT: i32 = 2;
pub const NOT_FOUND: i32 = 3;
pub const BAD_DATA: i32 = 4;

pub const KIND_DATASET: u32 = 1;
pub const KIND_PRECISION: u32 = 2;
pub const KIND_LOGGER: u32 = 3;

pub const TYPE_BOOLEAN: u32 = 1;
pub const TYPE_INTEGER: u32 = 2;
pub const TYPE_NUMBER: u32 = 3;
pub const TYPE_STRING: u32 = 4;
pub const TYPE_PATH: u32 = 5;

pub const EVENT_STEP: u32 = 2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    pub data: *const u8,
    pub size: u64,
}

#[repr(C)]
pub struct Error {
    pub struct_size: u32,
    pub reserved: u32,
    pub set: unsafe extern "C" fn(*mut Error, i32, Text),
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    pub struct_size: u32,
    pub kind: u32,
    pub integer: i64,
    pub number: f64,
    pub string: Text,
}

#[repr(C)]
pub struct Options {
    pub struct_size: u32,
    pub reserved: u32,
    pub count: unsafe extern "C" fn(*const Options, Text) -> u64,
    pub get: unsafe extern "C" fn(*const Options, Text, u64, *mut Value) -> i32,
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub reserved: u32,
    pub log: unsafe extern "C" fn(*const Host, i32, Text),
}

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub kind: u32,
    pub table: *const c_void,
}
// Constant data.
unsafe impl Sync for Plugin {}

pub type Create = unsafe extern "C" fn(*const Host, *const Options, *mut *mut c_void, *mut Error) -> i32;
pub type Destroy = unsafe extern "C" fn(*mut c_void);

#[repr(C)]
pub struct Field {
    pub struct_size: u32,
    pub dtype: u32,
    pub name: Text,
    pub shape: *const i64,
    pub rank: u32,
    pub reserved: u32,
    pub pad_value: f64,
}

#[repr(C)]
pub struct Description {
    pub struct_size: u32,
    pub reserved: u32,
    pub add_split: unsafe extern "C" fn(*mut Description, Text, u64),
    pub add_field: unsafe extern "C" fn(*mut Description, *const Field),
    pub add_fact: unsafe extern "C" fn(*mut Description, Text, *const Value),
    pub set_independent: unsafe extern "C" fn(*mut Description, i32),
}

#[repr(C)]
pub struct Buffer {
    pub struct_size: u32,
    pub dtype: u32,
    pub data: *mut c_void,
    pub bytes: u64,
    pub shape: *const i64,
    pub rank: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct Read {
    pub struct_size: u32,
    pub split: u32,
    pub indices: *const u64,
    pub count: u64,
    pub seed: u64,
    pub epoch: u64,
    pub training: u32,
    pub reserved: u32,
    pub buffers: *const *mut Buffer,
    pub buffer_count: u64,
}

#[repr(C)]
pub struct DatasetTable {
    pub struct_size: u32,
    pub reserved: u32,
    pub create: Create,
    pub destroy: Destroy,
    pub describe: unsafe extern "C" fn(*mut c_void, *mut Description, *mut Error) -> i32,
    pub measure: Option<unsafe extern "C" fn(*mut c_void, u32, *const u64, u64, *mut i64, *mut Error) -> i32>,
    pub read: unsafe extern "C" fn(*mut c_void, *const Read, *mut Error) -> i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Policy {
    pub struct_size: u32,
    pub compute_dtype: u32,
    pub autocast: u32,
    pub dynamic_scaling: u32,
    pub init_scale: f64,
    pub growth_factor: f64,
    pub backoff_factor: f64,
    pub growth_interval: i64,
    pub min_scale: f64,
    pub hysteresis: i64,
    pub exponents_every: i64,
}

#[repr(C)]
pub struct Outcome {
    pub struct_size: u32,
    pub found_inf: u32,
    pub step: u64,
    pub scale: f64,
    pub loss: f64,
    pub gradient_norm: f64,
    pub exponents: *const u64,
}

#[repr(C)]
pub struct Decision {
    pub struct_size: u32,
    pub apply: u32,
    pub scale: f64,
}

#[repr(C)]
pub struct State {
    pub struct_size: u32,
    pub reserved: u32,
    pub write: unsafe extern "C" fn(*mut State, *const c_void, u64),
}

#[repr(C)]
pub struct PrecisionTable {
    pub struct_size: u32,
    pub reserved: u32,
    pub create: Create,
    pub destroy: Destroy,
    pub policy: unsafe extern "C" fn(*mut c_void, *mut Policy, *mut Error) -> i32,
    pub update: Option<unsafe extern "C" fn(*mut c_void, *const Outcome, *mut Decision, *mut Error) -> i32>,
    pub save: Option<unsafe extern "C" fn(*mut c_void, *mut State, *mut Error) -> i32>,
    pub load: Option<unsafe extern "C" fn(*mut c_void, *const c_void, u64, *mut Error) -> i32>,
    pub overrides: *const c_void,
}
unsafe impl Sync for PrecisionTable {}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Event {
    pub struct_size: u32,
    pub kind: u32,
    pub time: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Step {
    pub event: Event,
    pub step: u64,
    pub epoch: u64,
    pub epoch_progress: f64,
    pub loss: f64,
    pub accuracy: f64,
    pub learning_rate: f64,
    pub gradient_norm: f64,
    pub loss_scale: f64,
    pub seconds: f64,
    pub samples: u64,
    pub tokens: u64,
    pub skipped_steps: u64,
    pub skipped: i32,
    pub reserved: i32,
    pub scalars: *const c_void,
    pub scalar_count: u64,
    pub skip_cause: Text,
    pub skip_parameter: Text,
}

#[repr(C)]
pub struct LoggerTable {
    pub struct_size: u32,
    pub reserved: u32,
    pub create: Create,
    pub destroy: Destroy,
    pub write: unsafe extern "C" fn(*mut c_void, *const Event, *mut Error) -> i32,
    pub flush: Option<unsafe extern "C" fn(*mut c_void, *mut Error) -> i32>,
}
