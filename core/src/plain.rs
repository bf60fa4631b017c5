//! Values as JSON has them, for whoever shows them.
//!
//! One type that serialises, and not each of ours: what serde makes of a struct is compiled for every struct.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value as JSON has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// `true` or `false`.
    Flag(bool),
    /// A number of JavaScript.
    Number(f64),
    /// A text.
    Text(Cow<'static, str>),
    /// A list.
    List(Vec<Plain>),
    /// An object.
    Object(Members),
}

/// The members of an object, in order. What is absent is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members(Vec<(&'static str, Plain)>);

/// What can be shown.
pub trait Show {
    /// As JSON has it.
    fn show(&self) -> Plain;
}

impl Members {
    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Plain) -> Self {
        self.0.push((name, value));
        self
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, name: &'static str, text: &str) -> Self {
        self.with(name, Plain::Text(text.to_owned().into()))
    }

    /// Adds a text, if there is one.
    #[must_use]
    pub fn some_text(self, name: &'static str, text: Option<&String>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, name: &'static str, number: u64) -> Self {
        self.with(name, Plain::Number(float(number)))
    }

    /// Adds a number, if there is one.
    #[must_use]
    pub fn some_number(self, name: &'static str, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.number(name, number),
            None => self,
        }
    }

    /// Adds a list.
    #[must_use]
    pub fn list<T: Show>(self, name: &'static str, list: &[T]) -> Self {
        self.with(name, list.show())
    }
}

impl<T: Show> Show for [T] {
    fn show(&self) -> Plain {
        Plain::List(self.iter().map(Show::show).collect())
    }
}

impl<T: Show> Show for Box<T> {
    fn show(&self) -> Plain {
        (**self).show()
    }
}

impl From<Members> for Plain {
    fn from(members: Members) -> Self {
        Self::Object(members)
    }
}

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list),
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

/// A count or a time as JavaScript has it. Exact up to 2^53.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "no lossless conversion exists; counts stay under 2^53"
)]
pub fn float(number: u64) -> f64 {
    number as f64
}

/// A length in memory as a count.
pub fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
