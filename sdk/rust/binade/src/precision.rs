//! A precision policy: in which precision a run computes, and how its loss is scaled, step by step.

use crate::abi;
use crate::{Host, Options, Result};
use std::mem::size_of;
use std::os::raw::c_void;

/// What `update` answers: the scale of the next step, and whether this one is applied.
#[derive(Debug, PartialEq)]
pub struct Decision {
    pub scale: f64,
    pub apply: bool,
}

/// `save` and `load` take what `update` remembers through a checkpoint.
pub trait Precision: Sized + 'static {
    fn new(options: &Options, host: Host) -> Result<Self>;
    /// `policy` arrives as fp32 without autocast or scaling, with PyTorch's constants.
    fn policy(&self, policy: &mut abi::Policy);
    fn update(&mut self, outcome: &abi::Outcome) -> Result<Decision>;
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }
    fn load(&mut self, _state: &[u8]) -> Result<()> {
        Ok(())
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
        (*(this as *const P)).policy(&mut *policy);
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
        let decision = (*(this as *mut P)).update(&*outcome)?;
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
        overrides: std::ptr::null(),
    }
}
