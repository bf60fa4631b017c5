//! The part of a document that a run replaces.

/// The line before it: a comment of Markdown, which no reader sees.
const BEGIN: &str = r#"[//]: # "bench: begin""#;

/// The line after it.
const END: &str = r#"[//]: # "bench: end""#;

/// The document with another part between the two lines; `None` if it does not have both, in this order.
pub(crate) fn replaced(document: &str, part: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", part.trim()))
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, replaced};

    #[test]
    fn only_the_part_between_the_lines_is_replaced() {
        let both = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let new = format!("a\n{BEGIN}\n\nnew\n\n{END}\nb\n");
        let cases = [
            (both.clone(), Some(new.clone())),
            (new.clone(), Some(new.clone())),
            (format!("{BEGIN}{END}"), Some(format!("{BEGIN}\n\nnew\n\n{END}"))),
            (format!("a\n{BEGIN}\nold"), None),
            (format!("a\n{END}\n{BEGIN}"), None),
            ("a".to_owned(), None),
        ];
        for (document, expected) in cases {
            assert_eq!(replaced(&document, "new\n"), expected, "{document}");
        }
    }

    #[test]
    fn the_document_has_both_lines() {
        let document = include_str!("../../../docs/performance.md");
        assert!(replaced(document, "").is_some());
    }
}
