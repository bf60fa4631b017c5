//! Which functions the bytes of the module are in, by their names.
//!
//! A function that was inlined counts for the one that it is in: mostly for the async function of a public call.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// The crates of this repository, whose modules are families of their own.
const OWN_CRATES: [(&str, &str); 2] = [("kling_core", "core"), ("kling_multi_image2video", "browser")];

/// The family of what frees values.
const DROPS: &str = "freeing values (drop glue)";

/// The family of what wasm-bindgen makes for each export and each kind of closure.
const GLUE: &str = "wasm-bindgen glue";

/// A function or a family of functions.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) count: usize,
}

/// The functions of a module with names, the largest first.
pub(super) fn functions(module: &[u8]) -> Result<Vec<Share>> {
    let (mut imports, mut sizes, mut names) = (0_u32, Vec::new(), BTreeMap::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.context("expected a WebAssembly module")? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imports += u32::from(matches!(import?.ty, wasmparser::TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => sizes.push(body.range().end - body.range().start),
            Payload::CustomSection(section) => {
                let KnownCustom::Name(subsections) = section.as_known() else { continue };
                for subsection in subsections {
                    let Name::Function(map) = subsection? else { continue };
                    for naming in map {
                        let naming = naming?;
                        names.insert(naming.index, without_hashes(naming.name));
                    }
                }
            }
            _ => {}
        }
    }
    ensure!(!names.is_empty(), "expected a module with the names of its functions, found none");
    let name = |index: u32| names.remove(&index).unwrap_or_else(|| GLUE.to_owned());
    let mut functions: Vec<Share> =
        (imports..).map(name).zip(sizes).map(|(name, bytes)| Share { name, bytes, count: 1 }).collect();
    largest_first(&mut functions);
    Ok(functions)
}

/// The families of functions, the largest first.
pub(super) fn families(functions: &[Share]) -> Vec<Share> {
    let mut families: BTreeMap<String, (u64, usize)> = BTreeMap::new();
    for function in functions {
        let family = families.entry(family(&function.name)).or_default();
        *family = (family.0 + function.bytes, family.1 + function.count);
    }
    let mut families: Vec<Share> =
        families.into_iter().map(|(name, (bytes, count))| Share { name, bytes, count }).collect();
    largest_first(&mut families);
    families
}

fn largest_first(shares: &mut [Share]) {
    shares.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
}

/// The name of a function without the hash after each crate: `<core[293daaf96912db41]::fmt::Formatter>::pad`.
fn without_hashes(name: &str) -> String {
    let is_hash = |text: &str| (12..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut parts = name.split('[');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(']') {
            Some((hash, rest)) if is_hash(hash) => plain.push_str(rest),
            _ => plain.extend(["[", part]),
        }
    }
    plain
}

/// The family of a function: the crate, of our own crates also the module.
fn family(name: &str) -> String {
    if name.contains("drop_glue::<") || name.contains("drop_in_place::<") {
        return DROPS.to_owned();
    }
    let path: String = name
        .trim_start_matches(|c: char| !c.is_ascii_alphabetic() && c != '_')
        .trim_start_matches("dyn ")
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
        .collect();
    let mut segments = path.split("::");
    let (first, second) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
    if let Some((_, crate_name)) = OWN_CRATES.iter().find(|(own, _)| *own == first) {
        return format!("{crate_name}::{second}");
    }
    match first {
        "core" | "alloc" | "std" | "compiler_builtins" => "std".to_owned(),
        // Of a primitive type: `<str>::trim`, `<[u8]>::to_vec`.
        _ if !path.contains("::") && name.starts_with(['<', '[']) => "std".to_owned(),
        // Exports have no path.
        _ if !path.contains("::") => GLUE.to_owned(),
        crate_name => crate_name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{DROPS, GLUE, Share, families, family, functions, without_hashes};
    use wasm_encoder::{CodeSection, Function, FunctionSection, Module, NameMap, NameSection, TypeSection};

    const FAMILIES: [(&str, &str); 15] = [
        ("<kling_core::answer::Answer>::read", "core::answer"),
        ("kling_core::image::heif::size", "core::image"),
        ("<kling_multi_image2video::call::Call>::run::{closure#0}", "browser::call"),
        ("<&kling_multi_image2video::host::Browser as kling_core::flow::Host>::send", "browser::host"),
        ("<[kling_core::issue::Issue] as kling_core::plain::ToPlain>::to_plain", "core::issue"),
        ("core::ptr::drop_glue::<kling_core::error::Error>", DROPS),
        ("core::ptr::drop_glue::<alloc::vec::Vec<alloc::string::String>>", DROPS),
        ("<alloc::string::String as core::fmt::Write>::write_fmt", "std"),
        ("core::slice::memchr::memchr_aligned", "std"),
        ("compiler_builtins::mem::memcmp", "std"),
        ("<str>::trim_end_matches::<char>", "std"),
        ("<[u8]>::to_vec_in::<alloc::alloc::Global>", "std"),
        ("<js_sys::futures::JsFuture as core::future::future::Future>::poll", "js_sys"),
        ("client_submit externref shim", GLUE),
        ("__externref_table_alloc", GLUE),
    ];

    #[test]
    fn a_function_belongs_to_the_family_of_its_path() {
        for (name, expected) in FAMILIES {
            assert_eq!(family(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_is_read_without_the_hashes_of_crates() {
        for (name, expected) in [
            ("<core[293daaf96912db41]::fmt::Formatter>::pad", "<core::fmt::Formatter>::pad"),
            ("a[0123456789abcdef]::b::<c[0123456789abcdef]::D>", "a::b::<c::D>"),
            // Without its leading zeros.
            ("a[de8e7a5d10b9efd]::b::{closure#0}", "a::b::{closure#0}"),
            ("<[u8]>::to_vec", "<[u8]>::to_vec"),
            ("<[a[0123456789abcdef]::B; 2]>::x", "<[a::B; 2]>::x"),
            ("client_new", "client_new"),
        ] {
            assert_eq!(without_hashes(name), expected);
        }
    }

    /// A module of functions without instructions, each with so many local variables that it has another size.
    fn module(has_names: bool) -> Vec<u8> {
        let (mut types, mut indices, mut code, mut names) =
            (TypeSection::new(), FunctionSection::new(), CodeSection::new(), NameMap::new());
        types.ty().function([], []);
        for (index, name) in (0_u32..).zip(["kling_core::a::x", "kling_core::a::y", "start"]) {
            indices.function(0);
            let mut function = Function::new((0..index).map(|_| (1, wasm_encoder::ValType::I32)));
            function.instructions().end();
            code.function(&function);
            names.append(index, name);
        }
        let mut section = NameSection::new();
        section.functions(&names);
        let mut module = Module::new();
        module.section(&types).section(&indices).section(&code);
        if has_names {
            module.section(&section);
        }
        module.finish()
    }

    #[test]
    fn the_bytes_of_functions_are_summed_by_family() {
        let functions = functions(&module(true)).unwrap();
        let sizes: Vec<_> = functions.iter().map(|share| (share.name.as_str(), share.bytes)).collect();
        assert_eq!(sizes, [("start", 6), ("kling_core::a::y", 4), ("kling_core::a::x", 2)]);
        let share = |name: &str, bytes, count| Share { name: name.to_owned(), bytes, count };
        assert_eq!(families(&functions), [share("core::a", 6, 2), share(GLUE, 6, 1)]);
    }

    #[test]
    fn a_module_without_names_is_an_error() {
        for module in
            [module(false), Vec::new(), b"\0asm".to_vec(), b"text".to_vec(), wasm_encoder::Module::new().finish()]
        {
            assert!(functions(&module).is_err());
        }
    }
}
