//! The C contract of `binade/abi/*.h`, written by hand. A test of Binade compares the layouts with the headers.
#![allow(missing_docs)]

use std::os::raw::c_void;

pub const ABI_MAJOR: u32 = 1;
pub const ABI_MINOR: u32 = 2;

pub const OK: i32 = 0;
pub const FAILED: i32 = 1;
pub const INVALID_ARGUMENT: i32 = 2;
pub const NOT_FOUND: i32 = 3;
pub const BAD_DATA: i32 = 4;
pub const OUT_OF_MEMORY: i32 = 5;
pub const UNIMPLEMENTED: i32 = 6;

pub const LOG_DEBUG: i32 = 0;
pub const LOG_INFO: i32 = 1;
pub const LOG_WARNING: i32 = 2;
pub const LOG_ERROR: i32 = 3;

pub const KIND_DATASET: u32 = 1;
pub const KIND_PRECISION: u32 = 2;
pub const KIND_LOGGER: u32 = 3;

pub const TYPE_BOOLEAN: u32 = 1;
pub const TYPE_INTEGER: u32 = 2;
pub const TYPE_NUMBER: u32 = 3;
pub const TYPE_STRING: u32 = 4;
pub const TYPE_PATH: u32 = 5;

pub const EVENT_RUN_START: u32 = 1;
pub const EVENT_STEP: u32 = 2;
pub const EVENT_EVALUATION: u32 = 3;
pub const EVENT_MESSAGE: u32 = 4;
pub const EVENT_RUN_END: u32 = 5;
pub const EVENT_RESUMED: u32 = 6;

pub const FLOAT16: u32 = 6;
pub const BFLOAT16: u32 = 7;
pub const FLOAT32: u32 = 8;

pub const OVERRIDE_PARAMETERS: u32 = 1;
pub const OVERRIDE_OPERATION: u32 = 2;

/// UTF-8; valid as long as the struct that contains it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    pub data: *const u8,
    pub size: u64,
}

impl Text {
    /// # Safety
    /// The text must still be valid.
    pub unsafe fn to_string(self) -> String {
        if self.size == 0 {
            return String::new();
        }
        String::from_utf8_lossy(std::slice::from_raw_parts(self.data, self.size as usize)).into_owned()
    }
}

/// True if a struct that the host allocated has at least `end` bytes.
///
/// # Safety
/// `given` must begin with its size.
pub unsafe fn reaches<T>(given: *const T, end: usize) -> bool {
    *(given as *const u32) as usize >= end
}

/// The host's struct with all members that this crate knows; those that an older host's struct lacks are 0.
///
/// # Safety
/// `given` must be one of the plain structs above, which begin with their size.
pub unsafe fn whole<T: Copy>(given: *const T) -> T {
    let mut all = std::mem::MaybeUninit::<T>::zeroed();
    let size = (*(given as *const u32) as usize).min(std::mem::size_of::<T>());
    std::ptr::copy_nonoverlapping(given as *const u8, all.as_mut_ptr() as *mut u8, size);
    all.assume_init()
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

/// Opaque.
#[repr(C)]
pub struct Series {
    _private: [u8; 0],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Label {
    pub name: Text,
    pub value: Text,
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub reserved: u32,
    pub log: unsafe extern "C" fn(*const Host, i32, Text),
    pub series: unsafe extern "C" fn(*const Host, Text, *const Label, u64) -> *mut Series,
    pub add: unsafe extern "C" fn(*const Host, *mut Series, f64),
    pub set: unsafe extern "C" fn(*const Host, *mut Series, f64),
    pub observe: unsafe extern "C" fn(*const Host, *mut Series, f64),
    /// Since 1.1: check `reaches` first.
    pub cache_folder: unsafe extern "C" fn(*const Host) -> Text,
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
#[derive(Clone, Copy)]
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
    /// Since 1.2.
    pub fit: Option<unsafe extern "C" fn(*mut c_void, u32, *const u64, u64, *mut Error) -> i32>,
    /// Since 1.2.
    pub keys: Option<unsafe extern "C" fn(*mut c_void, u32, Text, *mut i64, u64, *mut Error) -> i32>,
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
#[derive(Clone, Copy)]
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
#[derive(Clone, Copy)]
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
pub struct Overrides {
    pub struct_size: u32,
    pub reserved: u32,
    pub add: unsafe extern "C" fn(*mut Overrides, u32, Text, u32),
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
    pub overrides: Option<unsafe extern "C" fn(*mut c_void, *mut Overrides, *mut Error) -> i32>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Event {
    pub struct_size: u32,
    pub kind: u32,
    pub time: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RunStart {
    pub event: Event,
    pub run_id: Text,
    pub name: Text,
    pub directory: Text,
    pub device: Text,
    pub precision: Text,
    pub metrics_address: Text,
    pub parameters: u64,
    pub target_steps: u64,
    pub max_seconds: f64,
    pub train_samples: u64,
    pub validation_samples: u64,
    pub interactive: i32,
    pub color: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Scalar {
    pub name: Text,
    pub value: f64,
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
    pub scalars: *const Scalar,
    pub scalar_count: u64,
    pub skip_cause: Text,
    pub skip_parameter: Text,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Evaluation {
    pub event: Event,
    pub step: u64,
    pub split: Text,
    pub loss: f64,
    pub accuracy: f64,
    pub seconds: f64,
    pub samples: u64,
    pub scalars: *const Scalar,
    pub scalar_count: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Message {
    pub event: Event,
    pub level: i32,
    pub reserved: i32,
    pub text: Text,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RunEnd {
    pub event: Event,
    pub state: Text,
    pub steps: u64,
    pub skipped_steps: u64,
    pub seconds: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Resumed {
    pub event: Event,
    pub step: u64,
    pub evaluated_step: u64,
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
