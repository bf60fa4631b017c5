//! The strings between the module and JavaScript.
//!
//! wasm-bindgen's glue makes a `TextDecoder` and a `TextEncoder` when it is imported, so importing it fails where there are none,
//! as in Jest's jsdom. Here it gets functions of ours, which look for them when they are called.

use anyhow::{Context, Result, bail, ensure};

/// The parts of the glue that are replaced: how each begins, and what comes in its place. Each ends with its first function
/// or block.
const PARTS: [(&str, &str); 3] = [
    ("let cachedTextDecoder = new TextDecoder(", ""),
    ("const cachedTextEncoder = new TextEncoder();", ""),
    (
        "function passStringToWasm0(arg, malloc, realloc) {",
        "function passStringToWasm0(arg, malloc) {
    const bytes = encodeText(arg);
    const ptr = malloc(bytes.length, 1) >>> 0;
    getUint8ArrayMemory0().set(bytes, ptr);
    WASM_VECTOR_LEN = bytes.length;
    return ptr;
}
",
    ),
];

/// Where the functions of ours are.
const IMPORT: &str = "import { decodeText, encodeText } from \"./utf8.js\";\n";

/// The glue with these functions replaced.
pub(super) fn replaced(script: &str) -> Result<String> {
    const END: &str = "\n}\n";
    let mut script = script.to_owned();
    for (start, replacement) in PARTS {
        let [before, rest] = script.split(start).collect::<Vec<_>>()[..] else {
            bail!("expected one {start:?}, found {}", script.matches(start).count());
        };
        let (_, after) = rest.split_once(END).with_context(|| format!("expected an end of {start:?}, found none"))?;
        script = format!("{before}{replacement}{after}");
    }
    for left in ["TextDecoder", "TextEncoder"] {
        ensure!(!script.contains(left), "expected no {left}, found one");
    }
    ensure!(script.contains("decodeText("), "expected a call of decodeText, found none");
    Ok(format!("{IMPORT}{script}"))
}

#[cfg(test)]
mod tests {
    use super::{IMPORT, PARTS, replaced};

    const GLUE: &str = "function getStringFromWasm0(ptr, len) {
    return decodeText(getUint8ArrayMemory0().subarray(ptr, ptr + len));
}
function passStringToWasm0(arg, malloc, realloc) {
    if (realloc === undefined) {
        const buf = cachedTextEncoder.encode(arg);
    }
}
let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
cachedTextDecoder.decode();
function decodeText(bytes) {
    return cachedTextDecoder.decode(bytes);
}
const cachedTextEncoder = new TextEncoder();
if (!('encodeInto' in cachedTextEncoder)) {
    cachedTextEncoder.encodeInto = 1;
}
let WASM_VECTOR_LEN = 0;
";

    #[test]
    fn the_glue_makes_no_codec_when_it_is_imported() {
        let script = replaced(GLUE).unwrap();
        assert!(script.starts_with(IMPORT) && script.ends_with("let WASM_VECTOR_LEN = 0;\n"), "{script}");
        assert!(script.contains("encodeText(arg)") && !script.contains("cachedText"), "{script}");
    }

    #[test]
    fn another_glue_is_refused() {
        for (start, _) in PARTS {
            assert!(replaced(&GLUE.replace(start, "let other = (")).is_err(), "without {start}");
            assert!(replaced(&format!("{GLUE}{start}")).is_err(), "two of {start}");
        }
        assert!(replaced(&format!("{GLUE}new TextDecoder()")).is_err());
        assert!(replaced(&GLUE.replace("return decodeText(", "return decode(")).is_err());
    }
}
