//! The tags of an HTML document, as far as links need them: written by this project or by `TypeDoc`, not by strangers.

/// A start tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Its name, in lower case as these documents write it.
    pub(super) name: &'a str,
    /// The attributes that have a value, without their quotes.
    pub(super) attributes: Vec<(&'a str, &'a str)>,
}

impl Tag<'_> {
    /// The value of an attribute, as written.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }
}

/// All start tags. What is inside of a comment or a script is no tag.
pub(super) fn tags(html: &str) -> Vec<Tag<'_>> {
    let (mut found, mut rest) = (Vec::new(), html);
    while let Some((_, after)) = rest.split_once('<') {
        rest = if let Some(comment) = after.strip_prefix("!--") {
            comment.split_once("-->").map_or("", |(_, rest)| rest)
        } else if after.starts_with(|first: char| first.is_ascii_alphabetic()) {
            let (tag, rest) = tag(after);
            let is_script = tag.name == "script";
            found.push(tag);
            if is_script { rest.split_once("</script").map_or("", |(_, rest)| rest) } else { rest }
        } else {
            after
        };
    }
    found
}

/// Reads a tag behind its `<`; returns it and the rest.
fn tag(source: &str) -> (Tag<'_>, &str) {
    let end = source.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(source.len());
    let (name, mut rest) = source.split_at(end);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            return (Tag { name, attributes }, rest.get(1..).unwrap_or(""));
        }
        let end = rest.find(|c: char| c.is_whitespace() || "=>/".contains(c)).unwrap_or(rest.len());
        let (attribute, after) = rest.split_at(end.max(1).min(rest.len()));
        rest = after;
        let Some(value) = rest.strip_prefix('=') else { continue };
        let quote = value.chars().next().filter(|first| "\"'".contains(*first));
        let (value, after) = match quote {
            Some(quote) => value.get(1..).unwrap_or("").split_once(quote).unwrap_or((value, "")),
            None => value.split_at(value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len())),
        };
        attributes.push((attribute, value));
        rest = after;
    }
}

/// A text as part of HTML, also of a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The text that stands for itself in HTML.
pub(super) fn unescaped(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// A part of a URL without percent-encoding.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code {
            Some(code) if first == b'%' => {
                bytes.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{decoded, escaped, tags, unescaped};

    #[test]
    fn tags_have_their_attributes() {
        let check = |html: &str, expected: &[(&str, &[(&str, &str)])]| {
            let found = tags(html);
            let found: Vec<_> = found.iter().map(|tag| (tag.name, tag.attributes.as_slice())).collect();
            assert_eq!(found, expected, "{html}");
        };
        check("a < b <p>text</p>", &[("p", &[])]);
        check("<a href=\"x.html#y\" hidden>", &[("a", &[("href", "x.html#y")])]);
        check("<img alt='a > b' src=x.png />", &[("img", &[("alt", "a > b"), ("src", "x.png")])]);
        check("<!-- <a href=\"no\"> --><br/>", &[("br", &[])]);
        check("<script src=\"a.js\">'<a href=\"no\">'</script><i>", &[("script", &[("src", "a.js")]), ("i", &[])]);
        check(
            "<meta\n  charset=\"utf-8\"\n><link rel=\"icon\" href=\"data:,\">",
            &[("meta", &[("charset", "utf-8")]), ("link", &[("rel", "icon"), ("href", "data:,")])],
        );
    }

    #[test]
    fn escaping_is_undone() {
        for text in ["plain", "a & b", "<b>", "\"quoted\"", "&amp;", "a<b>&\"c\""] {
            assert_eq!(unescaped(&escaped(text)), text);
            assert!(!escaped(text).contains(['<', '>', '"']), "{text}");
        }
    }

    #[test]
    fn percent_encoding_is_undone() {
        for (text, expected) in [
            ("a", "a"),
            ("a%20b", "a b"),
            ("t%C3%AAte", "tête"),
            ("%5B...x%5d", "[...x]"),
            ("100%", "100%"),
            ("%zz", "%zz"),
        ] {
            assert_eq!(decoded(text), expected);
        }
    }
}
