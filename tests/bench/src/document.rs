//! The part of a document that a run replaces.

/// The line before it.
const BEGIN: &str = "<!-- bench: begin -->";

/// The line after it.
const END: &str = "<!-- bench: end -->";

/// The document with another part between the two lines; `None` if it does not have both, in this order.
pub(crate) fn replaced(document: &str, part: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", part.trim()))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn only_the_part_between_the_lines_is_replaced() {
        let cases = [
            (
                "a\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nb\n",
                Some("a\n<!-- bench: begin -->\n\nnew\n\n<!-- bench: end -->\nb\n"),
            ),
            ("<!-- bench: begin --><!-- bench: end -->", Some("<!-- bench: begin -->\n\nnew\n\n<!-- bench: end -->")),
            ("a\n<!-- bench: begin -->\nold", None),
            ("a\n<!-- bench: end -->\n<!-- bench: begin -->", None),
            ("a", None),
        ];
        for (document, expected) in cases {
            assert_eq!(replaced(document, "new\n").as_deref(), expected, "{document}");
        }
        let written = replaced(cases[0].0, "new").and_then(|once| replaced(&once, "new"));
        assert_eq!(written.as_deref(), cases[0].1);
    }
}
