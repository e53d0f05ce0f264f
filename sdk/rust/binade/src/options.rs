//! The plugin's table in the experiment, checked and completed with defaults.

use crate::abi;
use std::path::PathBuf;

/// A failure of a call: a status of `binade::abi` and a message.
#[derive(Debug)]
pub struct Failure {
    pub status: i32,
    pub message: String,
}

impl Failure {
    pub fn new(status: i32, message: impl Into<String>) -> Self {
        Failure { status, message: message.into() }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::new(abi::FAILED, error.to_string())
    }
}

pub type Result<T> = std::result::Result<T, Failure>;

/// One value of an option, for tests.
#[derive(Clone)]
pub enum Value {
    Boolean(bool),
    Integer(i64),
    Number(f64),
    String(String),
}

/// Option values by name. Each call fails if the manifest does not declare the option, or declares it with another
/// type.
pub struct Options {
    values: Values,
}

enum Values {
    Host(*const abi::Options),
    Given(Vec<(String, Value)>),
}

pub(crate) fn text(text: &str) -> abi::Text {
    abi::Text { data: text.as_ptr(), size: text.len() as u64 }
}

impl Options {
    /// For a plugin's own tests.
    pub fn given(values: &[(&str, Value)]) -> Self {
        let values = values.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        Options { values: Values::Given(values) }
    }

    pub(crate) unsafe fn from_host(options: *const abi::Options) -> Self {
        Options { values: Values::Host(options) }
    }

    /// Number of values: 1 for a scalar, the length for a list, 0 for an optional option that was not given.
    pub fn count(&self, name: &str) -> usize {
        match &self.values {
            Values::Host(options) => unsafe { ((**options).count)(*options, text(name)) as usize },
            Values::Given(values) => values.iter().filter(|(other, _)| other == name).count(),
        }
    }

    /// Value `index` of an option.
    pub fn at(&self, name: &str, index: usize) -> Result<Value> {
        let missing =
            || Failure::new(abi::INVALID_ARGUMENT, format!("option `{name}` has no value: is it in the manifest?"));
        match &self.values {
            Values::Given(values) => {
                let mut found = values.iter().filter(|(other, _)| other == name);
                found.nth(index).map(|(_, value)| value.clone()).ok_or_else(missing)
            }
            Values::Host(options) => unsafe {
                let empty = abi::Text { data: std::ptr::null(), size: 0 };
                let size = std::mem::size_of::<abi::Value>() as u32;
                let mut out = abi::Value { struct_size: size, kind: 0, integer: 0, number: 0.0, string: empty };
                if ((**options).get)(*options, text(name), index as u64, &mut out) != abi::OK {
                    return Err(missing());
                }
                Ok(match out.kind {
                    abi::TYPE_BOOLEAN => Value::Boolean(out.integer != 0),
                    abi::TYPE_INTEGER => Value::Integer(out.integer),
                    abi::TYPE_NUMBER => Value::Number(out.number),
                    _ => Value::String(out.string.to_string()),
                })
            },
        }
    }

    pub fn boolean(&self, name: &str) -> Result<bool> {
        match self.at(name, 0)? {
            Value::Boolean(value) => Ok(value),
            _ => Err(other_type(name)),
        }
    }
    pub fn integer(&self, name: &str) -> Result<i64> {
        match self.at(name, 0)? {
            Value::Integer(value) => Ok(value),
            _ => Err(other_type(name)),
        }
    }
    pub fn number(&self, name: &str) -> Result<f64> {
        match self.at(name, 0)? {
            Value::Number(value) => Ok(value),
            _ => Err(other_type(name)),
        }
    }
    pub fn string(&self, name: &str) -> Result<String> {
        match self.at(name, 0)? {
            Value::String(value) => Ok(value),
            _ => Err(other_type(name)),
        }
    }
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        self.string(name).map(PathBuf::from)
    }
}

fn other_type(name: &str) -> Failure {
    Failure::new(abi::INVALID_ARGUMENT, format!("option `{name}` has another type in the manifest"))
}
