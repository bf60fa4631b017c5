//! Which cases of the package run in which page.

use std::cmp::Reverse;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The modules whose cases take longer, and about how many times as long as the others do on average. The two pages of Firefox so take 469 and
/// 481 s; divided by the number of cases, they took 413 and 503 s.
const LONG: [(&str, u64); 3] = [("twice", 9), ("memory", 16), ("features", 9)];

/// A script of cases.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Module {
    /// Its name, without `.js`.
    pub(super) name: String,
    /// How many cases it has.
    pub(super) cases: u64,
}

impl Module {
    /// How long it takes, in cases of the usual length.
    fn length(&self) -> u64 {
        let times = LONG.iter().find(|(name, _)| *name == self.name).map_or(1, |(_, times)| *times);
        self.cases.saturating_mul(times)
    }
}

/// The modules in the list of all cases.
pub(super) fn modules(list: &Path) -> Result<Vec<Module>> {
    let text = fs::read_to_string(list).with_context(|| format!("cannot read {}", list.display()))?;
    let modules = modules_in(&text);
    ensure!(!modules.is_empty(), "expected cases in {}, found none", list.display());
    Ok(modules)
}

/// One module for each `cases! { name: … }`, with a case on each further line.
fn modules_in(list: &str) -> Vec<Module> {
    let mut modules: Vec<Module> = Vec::new();
    for line in list.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("cases! { ").and_then(|rest| rest.strip_suffix(':')) {
            modules.push(Module { name: name.to_owned(), cases: 0 });
        } else if let (true, Some(module)) = (line.ends_with(','), modules.last_mut()) {
            module.cases += 1;
        }
    }
    modules
}

/// Divides the modules among this many pages: the longest first, each module goes to the page with the least to do.
pub(super) fn of(modules: &[Module], pages: usize) -> Vec<Vec<&Module>> {
    let mut shares: Vec<Vec<&Module>> = vec![Vec::new(); pages];
    let mut modules: Vec<&Module> = modules.iter().collect();
    modules.sort_by_key(|module| Reverse(module.length()));
    for module in modules {
        let least = shares.iter_mut().min_by_key(|share| share.iter().map(|module| module.length()).sum::<u64>());
        if let Some(share) = least {
            share.push(module);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::{LONG, Module, modules_in, of};

    #[test]
    fn each_line_of_a_module_is_a_case() {
        let list = "// Names.\n\ncases! { images:\n    a_photo,\n    a_slice,\n}\n\ncases! { money:\n    one_id,\n}\n";
        let expected = [("images", 2), ("money", 1)].map(|(name, cases)| Module { name: name.to_owned(), cases });
        assert_eq!(modules_in(list), expected);
        assert_eq!(modules_in("no list"), []);
    }

    #[test]
    fn each_module_is_in_one_share_and_the_shares_are_alike() {
        let modules: Vec<_> =
            [9, 1, 4, 4, 2, 7].into_iter().map(|cases| Module { name: format!("m{cases}"), cases }).collect();
        let shares = of(&modules, 3);
        assert_eq!(shares.iter().map(Vec::len).sum::<usize>(), modules.len());
        let sizes: Vec<u64> = shares.iter().map(|share| share.iter().map(|module| module.cases).sum()).collect();
        assert_eq!(sizes, [9, 9, 9]);
    }

    #[test]
    fn a_long_module_has_a_page_almost_to_itself() {
        let modules: Vec<_> = [("twice", 2), ("a", 5), ("b", 5), ("c", 5)]
            .into_iter()
            .map(|(name, cases)| Module { name: name.to_owned(), cases })
            .collect();
        let shares = of(&modules, 2);
        let names: Vec<Vec<&str>> =
            shares.iter().map(|share| share.iter().map(|module| module.name.as_str()).collect()).collect();
        assert_eq!(names, [vec!["twice"], vec!["a", "b", "c"]]);
    }

    #[test]
    fn each_long_module_exists() {
        let modules = modules_in(include_str!("../../../tests/browser/cases.rs"));
        for (name, _) in LONG {
            assert!(modules.iter().any(|module| module.name == name), "{name}");
        }
    }
}
