//! The compiled dependencies, kept beside the tools: a run in another fresh checkout compiles only this project.
//!
//! What cargo made of the packages of this repository is left out, and cargo checks itself whether the rest fits. The same dependency, compiled
//! in two checkouts, may have two identities, by the path of what its build script made: so a checkout takes all of them or none.

use std::collections::HashSet;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::child;
use crate::project::Project;
use crate::setup::{NIGHTLY, install_into, remove_unfinished};
use crate::tools::fingerprint;

/// The beginning of the name of every folder of compiled dependencies among the tools.
const PREFIX: &str = "dependencies-";

/// The folder in which cargo notes what it has compiled for a profile.
const NOTES: &str = ".fingerprint";

/// The folders of a profile: what build scripts made, what was compiled, and the notes.
const PARTS: [&str; 3] = ["build", "deps", NOTES];

/// The lock files of the workspaces.
const LOCKS: [&str; 2] = ["Cargo.lock", "tests/fuzz/Cargo.lock"];

/// How deep below the target folder those of the profiles are: `plain/wasm32-unknown-unknown/release`.
const MAX_DEPTH: u32 = 2;

/// The package of this program, which every checkout has compiled before it comes here.
const THIS: &str = env!("CARGO_PKG_NAME");

/// The compiled dependencies of a checkout, and the place for them among the tools.
pub(super) struct Dependencies {
    target: PathBuf,
    place: PathBuf,
    /// The packages of this repository.
    own: HashSet<String>,
}

/// Puts the compiled dependencies of an earlier run into a fresh checkout. Returns those that this run has to compile and can keep.
pub(super) fn take(project: &Project) -> Option<Dependencies> {
    let taken = || {
        let Some(dependencies) = Dependencies::of_fresh(project)? else { return Ok(None) };
        if !dependencies.place.is_dir() {
            return Ok(Some(dependencies));
        }
        println!("Copying the compiled dependencies of an earlier run from {}", dependencies.place.display());
        dependencies.restore()?;
        Ok(None)
    };
    // Without them, cargo compiles everything.
    taken().unwrap_or_else(|error: anyhow::Error| {
        println!("note: {error:#}");
        None
    })
}

impl Dependencies {
    /// Those for this checkout, if no other program of this repository was built in it.
    fn of_fresh(project: &Project) -> Result<Option<Self>> {
        let target = project.root.join("target");
        let mut own = HashSet::new();
        for lock in LOCKS {
            own.extend(local_packages(&read(&project.root.join(lock))?));
        }
        let place = project.tools.cache().join(format!("{PREFIX}{:016x}", key(project)?));
        let dependencies = Self { target, place, own };
        Ok(dependencies.is_fresh()?.then_some(dependencies))
    }

    /// Whether this program is the only package of the repository that was compiled in the target folder.
    fn is_fresh(&self) -> Result<bool> {
        // With a target folder elsewhere, this program is not here. Without a home folder, the tools are in it, where no other checkout looks.
        if !self.target.join("debug").join(NOTES).is_dir() || self.place.starts_with(&self.target) {
            return Ok(false);
        }
        for profile in profiles(&self.target, MAX_DEPTH)? {
            let notes = entries(&profile.join(NOTES))?;
            let packages = notes.iter().filter_map(|note| Some(name(note).rsplit_once('-')?.0));
            if packages.into_iter().any(|package| package != THIS && self.own.contains(package)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Copies the notes last, and removes those of the same dependencies first: what has none after an interruption, cargo compiles.
    fn restore(&self) -> Result<()> {
        let profiles = profiles(&self.place, MAX_DEPTH)?;
        let to = |profile: &Path| Ok::<_, anyhow::Error>(self.target.join(profile.strip_prefix(&self.place)?));
        for profile in &profiles {
            for note in entries(&profile.join(NOTES))? {
                let old = to(profile)?.join(NOTES).join(name(&note));
                if old.exists() {
                    fs::remove_dir_all(&old).with_context(|| format!("cannot remove {}", old.display()))?;
                }
            }
        }
        for part in PARTS {
            for profile in profiles.iter().filter(|profile| profile.join(part).is_dir()) {
                copy_all(&profile.join(part), &to(profile)?.join(part))?;
            }
        }
        Ok(())
    }

    /// Keeps them for the next fresh checkout, in place of those of other versions.
    pub(super) fn keep(&self) {
        match self.try_keep() {
            Ok(()) => println!("Kept the compiled dependencies in {}", self.place.display()),
            Err(error) => println!("note: {error:#}"),
        }
    }

    fn try_keep(&self) -> Result<()> {
        let cache = self.place.parent().context("a place without a folder")?;
        remove_unfinished(cache);
        fs::create_dir_all(cache).with_context(|| format!("cannot make the folder {}", cache.display()))?;
        for other in entries(cache)? {
            if other != self.place && name(&other).starts_with(PREFIX) {
                fs::remove_dir_all(&other).with_context(|| format!("cannot remove {}", other.display()))?;
            }
        }
        install_into(&self.place, |folder| {
            let profiles = profiles(&self.target, MAX_DEPTH)?;
            profiles
                .iter()
                .try_for_each(|profile| self.copy_profile(profile, &folder.join(profile.strip_prefix(&self.target)?)))
        })
    }

    /// Copies what does not belong to the packages of this repository.
    fn copy_profile(&self, from: &Path, to: &Path) -> Result<()> {
        let mut hashes = HashSet::new();
        for note in entries(&from.join(NOTES))? {
            if let Some((package, hash)) =
                name(&note).rsplit_once('-').filter(|(package, _)| !self.own.contains(*package))
            {
                copy_all(&note, &to.join(NOTES).join(name(&note)))?;
                let build = Path::new("build").join(format!("{package}-{hash}"));
                if from.join(&build).is_dir() {
                    copy_all(&from.join(&build), &to.join(&build))?;
                }
                hashes.insert(hash.to_owned());
            }
        }
        for file in entries(&from.join("deps"))? {
            if hash_in(name(&file)).is_some_and(|hash| hashes.contains(hash)) {
                copy_all(&file, &to.join("deps").join(name(&file)))?;
            }
        }
        Ok(())
    }
}

/// What the compiled dependencies depend on: the compiler, the lock files, and the features and profiles in the manifests.
fn key(project: &Project) -> Result<u64> {
    let mut rustc = std::process::Command::new("rustc");
    let mut all = child::capture(rustc.arg("-vV").current_dir(&project.root))?;
    all.push_str(NIGHTLY);
    for lock in LOCKS {
        all.push_str(&read(&project.root.join(lock))?);
    }
    for manifest in &project.manifests {
        all.push_str(&read(manifest)?);
    }
    Ok(fingerprint(all.as_bytes()))
}

/// The names of the packages in a lock file that are part of the repository: they have no source.
fn local_packages(lock: &str) -> impl Iterator<Item = String> {
    lock.split("[[package]]").skip(1).filter(|package| !package.contains("\nsource = ")).filter_map(|package| {
        let (_, rest) = package.split_once("name = \"")?;
        Some(rest.split_once('"')?.0.to_owned())
    })
}

/// The part of a file's name by which cargo distinguishes builds: `16ab` in `libserde-16ab.rlib`.
fn hash_in(name: &str) -> Option<&str> {
    let (_, rest) = name.rsplit_once('-')?;
    rest.split('.').next()
}

/// The folders of profiles below this one.
fn profiles(folder: &Path, depth: u32) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in entries(folder)? {
        if entry.join(NOTES).is_dir() {
            found.push(entry);
        } else if depth > 0 && entry.is_dir() {
            found.extend(profiles(&entry, depth.saturating_sub(1))?);
        }
    }
    Ok(found)
}

/// Copies a file, or a folder with all files in it, with their times: cargo compares them.
fn copy_all(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        return entries(from)?.iter().try_for_each(|entry| copy_all(entry, &to.join(name(entry))));
    }
    let copied = || {
        // What is there may have a second name, by a hard link of cargo: it is replaced and not overwritten.
        if to.exists() {
            fs::remove_file(to)?;
        }
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::copy(from, to)?;
        let modified = fs::metadata(from)?.modified()?;
        File::options().write(true).open(to)?.set_times(FileTimes::new().set_modified(modified))
    };
    copied().with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    listed.with_context(|| format!("cannot list {}", folder.display()))
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::{Dependencies, hash_in, local_packages};
    use std::collections::HashSet;
    use std::fs::{self, File, FileTimes};
    use std::path::{Path, PathBuf};
    use std::time::{Duration, SystemTime};

    use crate::scratch::Scratch;

    #[test]
    fn packages_of_the_repository_are_those_without_a_source() {
        let lock = include_str!("../../../Cargo.lock");
        let packages: HashSet<String> = local_packages(lock).collect();
        assert!(
            packages.contains("xtask")
                && packages.contains(crate::tools::CRATE)
                && packages.contains(crate::tools::CORE)
        );
        assert!(!packages.contains("serde_json") && !packages.contains("wasm-bindgen"));
    }

    #[test]
    fn a_build_is_recognised_in_each_kind_of_name() {
        let names = ["libserde_json-16ab.rlib", "serde-json-16ab.d", "build_script_build-16ab", "libx-16ab.so"];
        assert_eq!(names.map(hash_in), [Some("16ab"); 4]);
        assert_eq!(hash_in("libx.so"), None);
    }

    fn write(file: &Path, text: &str) -> PathBuf {
        fs::create_dir_all(file.parent().unwrap_or(file)).unwrap_or_else(|error| panic!("{error}"));
        fs::write(file, text).unwrap_or_else(|error| panic!("{error}"));
        file.to_owned()
    }

    #[test]
    fn a_checkout_in_which_more_was_compiled_keeps_its_own() {
        let scratch = Scratch::new("fresh").unwrap_or_else(|error| panic!("{error:#}"));
        let [target, place] = ["target", "cache"].map(|name| scratch.path().join(name));
        let own = HashSet::from(["xtask", "simulator"].map(str::to_owned));
        let mut checkout = Dependencies { target: target.clone(), place, own };
        assert_eq!(checkout.is_fresh().ok(), Some(false), "a target folder elsewhere");
        write(&target.join("debug/.fingerprint/xtask-1a/bin"), "");
        write(&target.join("debug/.fingerprint/serde-json-1a/lib"), "");
        assert_eq!(checkout.is_fresh().ok(), Some(true));
        write(&target.join("wasm32/quick/.fingerprint/simulator-1a/lib"), "");
        assert_eq!(checkout.is_fresh().ok(), Some(false));
        checkout.own.remove("simulator");
        checkout.place = target.join("tools/dependencies-0");
        assert_eq!(checkout.is_fresh().ok(), Some(false), "tools in the target folder");
    }

    #[test]
    fn another_checkout_gets_the_dependencies_with_their_times_and_nothing_else() {
        let scratch = Scratch::new("dependencies").unwrap_or_else(|error| panic!("{error:#}"));
        let [target, cache, other] = ["target", "cache", "other"].map(|name| scratch.path().join(name));
        let files = [
            ("debug/.fingerprint/serde-json-1a/lib", true),
            ("debug/deps/libserde_json-1a.rlib", true),
            ("debug/build/serde-json-1a/out/list", true),
            ("plain/wasm32/release/.fingerprint/serde-json-2b/lib", true),
            ("plain/wasm32/release/deps/libserde_json-2b.rmeta", true),
            ("debug/.fingerprint/xtask-3c/bin", false),
            ("debug/deps/xtask-3c", false),
            ("debug/deps/libserde_json-4d.rlib", false),
            ("debug/xtask", false),
        ];
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (file, _) in files {
            let file = write(&target.join(file), "compiled");
            let opened = File::options().write(true).open(&file);
            opened
                .and_then(|file| file.set_times(FileTimes::new().set_modified(made)))
                .unwrap_or_else(|error| panic!("{error}"));
        }
        let old = cache.join("dependencies-0");
        fs::create_dir_all(&old).unwrap_or_else(|error| panic!("{error}"));
        let place = cache.join("dependencies-1");
        let own = HashSet::from(["xtask".to_owned()]);

        let mut kept = Dependencies { target, place, own };
        kept.try_keep().unwrap_or_else(|error| panic!("{error:#}"));
        // The other checkout has compiled this program with its own.
        kept.target.clone_from(&other);
        write(&other.join("debug/.fingerprint/xtask-9f/bin"), "another");
        write(&other.join("debug/.fingerprint/serde-json-1a/dep"), "another");
        let library = write(&other.join("debug/deps/libserde_json-1a.rlib"), "another");
        assert_eq!(kept.is_fresh().ok(), Some(true));
        kept.restore().unwrap_or_else(|error| panic!("{error:#}"));

        for (file, is_kept) in files {
            let modified = fs::metadata(other.join(file)).and_then(|found| found.modified()).ok();
            assert_eq!(modified, is_kept.then_some(made), "{file}");
        }
        assert_eq!(fs::read_to_string(library).ok().as_deref(), Some("compiled"));
        assert!(!other.join("debug/.fingerprint/serde-json-1a/dep").exists(), "a note on what was replaced");
        assert!(other.join("debug/.fingerprint/xtask-9f/bin").exists(), "the note on this program");
        assert!(!old.exists(), "expected those of other versions to be removed");
    }
}
