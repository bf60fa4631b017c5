//! Values as JSON has them, in which results are passed to JavaScript.
//!
//! Only this one type serialises, because serde compiles its code again for each type.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value as JSON has it.
#[derive(Clone, Debug, PartialEq)]
pub enum PlainValue {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    String(Cow<'static, str>),
    /// An array.
    Array(Vec<PlainValue>),
    /// An object.
    Object(PlainObject),
}

/// An object: its members, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlainObject(Vec<(&'static str, PlainValue)>);

/// A type whose values become plain values.
pub trait ToPlain {
    /// The plain value.
    fn to_plain(&self) -> PlainValue;
}

impl PlainObject {
    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: PlainValue) -> Self {
        self.0.push((name, value));
        self
    }

    /// Adds a string.
    #[must_use]
    pub fn string(self, name: &'static str, text: &str) -> Self {
        self.with(name, PlainValue::String(text.to_owned().into()))
    }

    /// Adds a string unless it is absent.
    #[must_use]
    pub fn optional_string(self, name: &'static str, text: Option<&String>) -> Self {
        match text {
            Some(text) => self.string(name, text),
            None => self,
        }
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, name: &'static str, number: u64) -> Self {
        self.with(name, PlainValue::Number(float(number)))
    }

    /// Adds a number unless it is absent.
    #[must_use]
    pub fn optional_number(self, name: &'static str, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.number(name, number),
            None => self,
        }
    }

    /// Adds an array.
    #[must_use]
    pub fn array<T: ToPlain>(self, name: &'static str, list: &[T]) -> Self {
        self.with(name, list.to_plain())
    }
}

impl<T: ToPlain> ToPlain for [T] {
    fn to_plain(&self) -> PlainValue {
        PlainValue::Array(self.iter().map(ToPlain::to_plain).collect())
    }
}

impl<T: ToPlain> ToPlain for Box<T> {
    fn to_plain(&self) -> PlainValue {
        (**self).to_plain()
    }
}

impl From<PlainObject> for PlainValue {
    fn from(members: PlainObject) -> Self {
        Self::Object(members)
    }
}

impl Serialize for PlainValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(list) => serializer.collect_seq(list),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(None)?;
                for (name, value) in &members.0 {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// A count or a time as a number of JavaScript, exact up to 2^53.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "no lossless conversion exists; counts stay under 2^53"
)]
pub fn float(number: u64) -> f64 {
    number as f64
}

/// The length of something in memory, as a count.
pub fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
