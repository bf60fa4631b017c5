//! Random numbers, the same for the same seed.

use std::cell::Cell;

/// A linear congruential generator.
pub(crate) struct Random(Cell<u64>);

impl Random {
    pub(crate) fn new(seed: u32) -> Self {
        Self(Cell::new(u64::from(seed)))
    }

    pub(crate) fn next(&self) -> u32 {
        self.0.set(self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        (self.0.get() >> 33) as u32
    }

    pub(crate) fn below(&self, end: u32) -> u32 {
        self.next() % end
    }
}
