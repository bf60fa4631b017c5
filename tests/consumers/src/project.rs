//! One project, its tools and the package.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::required;

/// A copy of one project, in which the package is installed.
#[derive(Debug)]
pub struct Project {
    folder: PathBuf,
}

impl Project {
    /// The project of that name with the shared sources. `purpose` distinguishes tests of the same project.
    #[track_caller]
    pub fn new(name: &str, purpose: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let source = here.join("projects").join(name);
        let lock = fs::read(source.join("package-lock.json")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut hasher = DefaultHasher::new();
        (&lock, purpose).hash(&mut hasher);
        let cache = PathBuf::from(required("KLING_CONSUMERS"));
        let folder = cache.join(format!("{name}-{purpose}-{:016x}", hasher.finish()));
        if !folder.join("installed").is_file() {
            let _ = fs::remove_dir_all(&folder);
            copy(&source, &folder);
            // What the lock file names, and what it cannot name: binaries that bundlers bring for other kinds of machines.
            npm(&folder, &["install", "--ignore-scripts", "--no-audit", "--no-fund"]);
            fs::write(folder.join("installed"), "").expect("a note that all is installed");
        }
        let project = Self { folder };
        for leftover in
            ["dist", "vite.config.js", ".next", ".parcel-cache", "node_modules/.vite", "node_modules/.cache"]
        {
            let path = project.path(leftover);
            let _ = if path.is_file() { fs::remove_file(path) } else { fs::remove_dir_all(path) };
        }
        copy(&here.join("source"), &project.folder);
        copy(&source, &project.folder);
        // As from the registry, but for where it comes from; and nothing else is asked for.
        let package = package().to_string_lossy().into_owned();
        npm(
            &project.folder,
            &["install", &package, "--no-save", "--offline", "--ignore-scripts", "--no-audit", "--no-fund"],
        );
        project
    }

    /// The path of a file or folder in this project.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The only folder in this folder.
    #[track_caller]
    pub fn only(&self, name: &str) -> PathBuf {
        let found: Vec<PathBuf> = fs::read_dir(self.path(name)).expect(name).flatten().map(|one| one.path()).collect();
        let [only] = found.as_slice() else { panic!("expected one folder in {name}, found {found:?}") };
        only.clone()
    }

    /// A command that runs one of the project's own programs in its folder.
    pub fn program(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("node_modules/.bin").join(program));
        command.current_dir(&self.folder).args(arguments).env("NO_COLOR", "1");
        command
    }

    /// Runs one of the project's own programs to its end; returns its output.
    #[track_caller]
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        finish(self.program(program, arguments))
    }

    /// Writes a file into the folder that is served.
    #[track_caller]
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for it");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Copies a folder of the projects into this one.
    #[track_caller]
    pub fn take(&self, from: &str, to: &str) {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("projects").join(from), &self.path(to));
    }

    /// Copies an example of the repository into a folder of this one.
    #[track_caller]
    pub fn example(&self, name: &str, to: &str) {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name), &self.path(to));
    }

    /// Copies a folder of it to another place within it.
    #[track_caller]
    pub fn copy(&self, from: &str, to: &str) {
        copy(&self.path(from), &self.path(to));
    }
}

/// The tarball that would be published.
pub fn package() -> &'static Path {
    static PACKED: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = PACKED.get_or_init(|| {
        let folder = TempDir::new().expect("a folder for the tarball");
        let target = folder.path().to_string_lossy().into_owned();
        npm(Path::new(&required("KLING_PACKAGE")), &["pack", "--pack-destination", &target]);
        let mut packed = fs::read_dir(folder.path()).expect("the folder of the tarball");
        let path = packed.next().expect("a tarball").expect("a tarball").path();
        (folder, path)
    });
    path
}

fn npm(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("npm");
    command.current_dir(folder).args(arguments);
    finish(command);
}

#[track_caller]
fn finish(mut command: Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        said(&output.stdout),
        said(&output.stderr)
    );
    said(&output.stdout)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())).flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap_or_else(|error| panic!("{}: {error}", target.display()));
        }
    }
}
