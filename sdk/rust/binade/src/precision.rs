//! A precision policy: chooses the precision of a run and how its loss is scaled, step by step.

use crate::abi;
use crate::options::text;
use crate::{Host, Options, Result};
use std::mem::size_of;
use std::os::raw::c_void;

/// The result of `update`: the scale of the next step, and whether this step is applied.
#[derive(Debug, PartialEq)]
pub struct Decision {
    pub scale: f64,
    pub apply: bool,
}

/// Selects what runs in another precision under autocast. The first matching override applies; those of the experiment
/// take precedence.
pub struct Override {
    kind: u32,
    name: String,
    dtype: u32,
}

impl Override {
    /// Matches operations that use a parameter whose name matches: * stands for any characters, ? for one.
    pub fn parameters(names: &str, dtype: u32) -> Self {
        Override { kind: abi::OVERRIDE_PARAMETERS, name: names.into(), dtype }
    }
    /// Matches a LibTorch operation, such as "softmax".
    pub fn operation(name: &str, dtype: u32) -> Self {
        Override { kind: abi::OVERRIDE_OPERATION, name: name.into(), dtype }
    }
}

/// `save` and `load` keep the state of `update` in checkpoints.
pub trait Precision: Sized + 'static {
    fn new(options: &Options, host: Host) -> Result<Self>;
    /// `policy` is initialised to fp32 without autocast or scaling, with PyTorch's constants.
    fn policy(&self, policy: &mut abi::Policy);
    fn update(&mut self, outcome: &abi::Outcome) -> Result<Decision>;
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }
    fn load(&mut self, _state: &[u8]) -> Result<()> {
        Ok(())
    }
    /// `dtype` is one of `abi::FLOAT16`, `abi::BFLOAT16` and `abi::FLOAT32`.
    fn overrides(&self) -> Vec<Override> {
        Vec::new()
    }
}

unsafe extern "C" fn create<P: Precision>(
    host: *const abi::Host,
    options: *const abi::Options,
    this: *mut *mut c_void,
    error: *mut abi::Error,
) -> i32 {
    crate::create(host, options, this, error, P::new)
}
unsafe extern "C" fn policy<P: Precision>(this: *mut c_void, policy: *mut abi::Policy, error: *mut abi::Error) -> i32 {
    crate::guard(error, || {
        let mut own = abi::whole(policy);
        (*(this as *const P)).policy(&mut own);
        let size = (*policy).struct_size;
        own.struct_size = size;
        let known = (size as usize).min(size_of::<abi::Policy>());
        std::ptr::copy_nonoverlapping(&own as *const _ as *const u8, policy as *mut u8, known);
        Ok(())
    })
}
unsafe extern "C" fn update<P: Precision>(
    this: *mut c_void,
    outcome: *const abi::Outcome,
    out: *mut abi::Decision,
    error: *mut abi::Error,
) -> i32 {
    crate::guard(error, || {
        let decision = (*(this as *mut P)).update(&abi::whole(outcome))?;
        (*out).scale = decision.scale;
        (*out).apply = decision.apply as u32;
        Ok(())
    })
}
unsafe extern "C" fn save<P: Precision>(this: *mut c_void, state: *mut abi::State, error: *mut abi::Error) -> i32 {
    crate::guard(error, || {
        let bytes = (*(this as *const P)).save();
        ((*state).write)(state, bytes.as_ptr() as *const c_void, bytes.len() as u64);
        Ok(())
    })
}
unsafe extern "C" fn load<P: Precision>(
    this: *mut c_void,
    data: *const c_void,
    bytes: u64,
    error: *mut abi::Error,
) -> i32 {
    crate::guard(error, || {
        let state = if bytes == 0 { &[] } else { std::slice::from_raw_parts(data as *const u8, bytes as usize) };
        (*(this as *mut P)).load(state)
    })
}

unsafe extern "C" fn overrides<P: Precision>(
    this: *mut c_void,
    sink: *mut abi::Overrides,
    error: *mut abi::Error,
) -> i32 {
    crate::guard(error, || {
        for one in (*(this as *const P)).overrides() {
            ((*sink).add)(sink, one.kind, text(&one.name), one.dtype);
        }
        Ok(())
    })
}

/// The table of a policy; the macro `precision!` exports it.
pub const fn precision_table<P: Precision>() -> abi::PrecisionTable {
    abi::PrecisionTable {
        struct_size: size_of::<abi::PrecisionTable>() as u32,
        reserved: 0,
        create: create::<P>,
        destroy: crate::destroy::<P>,
        policy: policy::<P>,
        update: Some(update::<P>),
        save: Some(save::<P>),
        load: Some(load::<P>),
        overrides: Some(overrides::<P>),
    }
}
