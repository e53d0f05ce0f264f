//! A dataset: describes and reads samples. The host shuffles, batches, pads and resumes.

use crate::abi;
use crate::options::text;
use crate::{Failure, Host, Options, Result};
use std::mem::size_of;
use std::os::raw::c_void;

/// `read` is called by several threads at once. The same sample must always have the same bytes.
pub trait Dataset: Sized + Sync + 'static {
    fn new(options: &Options, host: Host) -> Result<Self>;
    fn describe(&self) -> Description;
    fn read(&self, sample: &mut Sample) -> Result<()>;

    /// True for a dataset that learns something from its samples, such as means: `fit` is then called before the
    /// first `read`. It requires a host of ABI 1.2: write `needs_abi = "1.2"` into the manifest.
    const FITS: bool = false;
    /// Learns from the samples that the run trains on, and from no others. `describe` is called before it, when only
    /// the splits matter, and again after it.
    fn fit(&mut self, _split: u32, _indices: &[u64]) -> Result<()> {
        Ok(())
    }

    /// True for a dataset whose splits may be stratified or grouped by `keys`.
    const HAS_KEYS: bool = false;
    /// One number per sample of the split, equal for equal values of the column; "" is the target.
    fn keys(&self, _split: u32, _column: &str) -> Result<Vec<i64>> {
        Ok(Vec::new())
    }
}

/// A type that fields may have.
pub trait Element: Copy + Default {
    const DTYPE: u32;
}
macro_rules! element {
    ($($type:ty = $dtype:literal),*) => { $(impl Element for $type { const DTYPE: u32 = $dtype; })* };
}
element!(u8 = 1, i8 = 2, i16 = 3, i32 = 4, i64 = 5, f32 = 8, f64 = 9);

/// The name of an element type in messages.
fn dtype_name(dtype: u32) -> &'static str {
    const NAMES: [&str; 11] =
        ["?", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "bool"];
    NAMES.get(dtype as usize).unwrap_or(&NAMES[0])
}

/// The contents of a dataset. `binade/abi/dataset.h` explains names and facts.
#[derive(Default)]
pub struct Description {
    pub splits: Vec<(String, u64)>,
    pub fields: Vec<(String, u32, Vec<i64>)>,
    integers: Vec<(String, i64)>,
    texts: Vec<(String, String)>,
    independent: bool,
}

impl Description {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn split(mut self, name: &str, size: u64) -> Self {
        self.splits.push((name.into(), size));
        self
    }
    pub fn field<T: Element>(mut self, name: &str, shape: &[i64]) -> Self {
        self.fields.push((name.into(), T::DTYPE, shape.to_vec()));
        self
    }
    pub fn fact(mut self, name: &str, value: i64) -> Self {
        self.integers.push((name.into(), value));
        self
    }
    pub fn text_fact(mut self, name: &str, value: &str) -> Self {
        self.texts.push((name.into(), value.into()));
        self
    }
    /// States that samples are independent, so that a random validation split does not leak.
    pub fn independent(mut self) -> Self {
        self.independent = true;
        self
    }

    unsafe fn write_to(&self, sink: *mut abi::Description) {
        let value_size = size_of::<abi::Value>() as u32;
        for (name, size) in &self.splits {
            ((*sink).add_split)(sink, text(name), *size);
        }
        for (name, dtype, shape) in &self.fields {
            let field = abi::Field {
                struct_size: size_of::<abi::Field>() as u32,
                dtype: *dtype,
                name: text(name),
                shape: shape.as_ptr(),
                rank: shape.len() as u32,
                reserved: 0,
                pad_value: 0.0,
            };
            ((*sink).add_field)(sink, &field);
        }
        for (name, integer) in &self.integers {
            let value = abi::Value {
                struct_size: value_size,
                kind: abi::TYPE_INTEGER,
                integer: *integer,
                number: 0.0,
                string: text(""),
            };
            ((*sink).add_fact)(sink, text(name), &value);
        }
        for (name, string) in &self.texts {
            let value = abi::Value {
                struct_size: value_size,
                kind: abi::TYPE_STRING,
                integer: 0,
                number: 0.0,
                string: text(string),
            };
            ((*sink).add_fact)(sink, text(name), &value);
        }
        ((*sink).set_independent)(sink, self.independent as i32);
    }
}

/// A sample to write: its index and its destination.
pub struct Sample<'a> {
    request: &'a abi::Read,
    position: usize,
}

impl Sample<'_> {
    pub fn split(&self) -> u32 {
        self.request.split
    }
    pub fn index(&self) -> u64 {
        unsafe { *self.request.indices.add(self.position) }
    }
    /// True for training: augmentation is allowed and must depend on (seed, epoch, index) only. False for evaluation:
    /// do not augment.
    pub fn training(&self) -> bool {
        self.request.training != 0
    }
    pub fn seed(&self) -> u64 {
        self.request.seed
    }
    pub fn epoch(&self) -> u64 {
        self.request.epoch
    }
    /// The values of field `number`, in the order of `describe`. Fails if T is not its type.
    pub fn field<T: Element>(&mut self, number: usize) -> Result<&mut [T]> {
        let wrong = |what: &str| Failure::new(abi::INVALID_ARGUMENT, format!("field {number} {what}"));
        if number >= self.request.buffer_count as usize {
            return Err(wrong("does not exist"));
        }
        unsafe {
            let buffer = &**self.request.buffers.add(number);
            if buffer.dtype != T::DTYPE {
                return Err(wrong(&format!(
                    "was described as {}, but read() writes it as {}",
                    dtype_name(buffer.dtype),
                    dtype_name(T::DTYPE)
                )));
            }
            let size = buffer.bytes as usize / size_of::<T>() / self.request.count as usize;
            if size == 0 {
                return Ok(&mut []);
            }
            Ok(std::slice::from_raw_parts_mut((buffer.data as *mut T).add(self.position * size), size))
        }
    }

    /// For tests: reads one sample that has two fields, of `first` and `second` values.
    pub fn read_pair<D: Dataset, A: Element, B: Element>(
        dataset: &D,
        index: u64,
        first: usize,
        second: usize,
    ) -> Result<(Vec<A>, Vec<B>)> {
        let (mut a, mut b) = (vec![A::default(); first], vec![B::default(); second]);
        let mut buffers = [buffer(&mut a), buffer(&mut b)];
        let pointers = buffers.each_mut_pointer();
        let request = abi::Read {
            struct_size: size_of::<abi::Read>() as u32,
            split: 0,
            indices: &index,
            count: 1,
            seed: 0,
            epoch: 0,
            training: 1,
            reserved: 0,
            buffers: pointers.as_ptr(),
            buffer_count: 2,
        };
        dataset.read(&mut Sample { request: &request, position: 0 })?;
        Ok((a, b))
    }
}

trait Pointers {
    fn each_mut_pointer(&mut self) -> [*mut abi::Buffer; 2];
}
impl Pointers for [abi::Buffer; 2] {
    fn each_mut_pointer(&mut self) -> [*mut abi::Buffer; 2] {
        let [a, b] = self;
        [a, b]
    }
}

fn buffer<T: Element>(values: &mut [T]) -> abi::Buffer {
    abi::Buffer {
        struct_size: size_of::<abi::Buffer>() as u32,
        dtype: T::DTYPE,
        data: values.as_mut_ptr() as *mut c_void,
        bytes: (values.len() * size_of::<T>()) as u64,
        shape: std::ptr::null(),
        rank: 0,
        reserved: 0,
    }
}

unsafe extern "C" fn create<D: Dataset>(
    host: *const abi::Host,
    options: *const abi::Options,
    this: *mut *mut c_void,
    error: *mut abi::Error,
) -> i32 {
    crate::create(host, options, this, error, D::new)
}
unsafe extern "C" fn describe<D: Dataset>(
    this: *mut c_void,
    sink: *mut abi::Description,
    error: *mut abi::Error,
) -> i32 {
    crate::guard(error, || {
        (*(this as *const D)).describe().write_to(sink);
        Ok(())
    })
}
unsafe extern "C" fn read<D: Dataset>(this: *mut c_void, request: *const abi::Read, error: *mut abi::Error) -> i32 {
    crate::guard(error, || {
        let request = abi::whole(request);
        for position in 0..request.count as usize {
            (*(this as *const D)).read(&mut Sample { request: &request, position })?;
        }
        Ok(())
    })
}

unsafe extern "C" fn fit<D: Dataset>(
    this: *mut c_void,
    split: u32,
    indices: *const u64,
    count: u64,
    error: *mut abi::Error,
) -> i32 {
    crate::guard(error, || {
        let indices = if count == 0 { &[] } else { std::slice::from_raw_parts(indices, count as usize) };
        (*(this as *mut D)).fit(split, indices)
    })
}
unsafe extern "C" fn keys<D: Dataset>(
    this: *mut c_void,
    split: u32,
    column: abi::Text,
    keys: *mut i64,
    count: u64,
    error: *mut abi::Error,
) -> i32 {
    crate::guard(error, || {
        let found = (*(this as *const D)).keys(split, &column.to_string())?;
        if found.len() as u64 != count {
            return Err(Failure::new(abi::FAILED, format!("keys() returned {} of {count} numbers", found.len())));
        }
        std::ptr::copy_nonoverlapping(found.as_ptr(), keys, found.len());
        Ok(())
    })
}

/// The table of a dataset; the macro `dataset!` exports it.
pub const fn dataset_table<D: Dataset>() -> abi::DatasetTable {
    abi::DatasetTable {
        struct_size: size_of::<abi::DatasetTable>() as u32,
        reserved: 0,
        create: create::<D>,
        destroy: crate::destroy::<D>,
        describe: describe::<D>,
        measure: None,
        read: read::<D>,
        fit: if D::FITS { Some(fit::<D>) } else { None },
        keys: if D::HAS_KEYS { Some(keys::<D>) } else { None },
    }
}
