//! The rules of the page's sources: every text for people is in `words.js` or `index.html`, and the service's limits come
//! from the package.

use std::fs;
use std::path::Path;

use kling_core::image::limits::{MAX_IMAGE_BYTES, MIN_EDGE_PX, max_aspect_ratio};
use kling_core::request::{MAX_IMAGES, MAX_PROMPT_CHARACTERS};

/// The scripts with the texts.
const WORDS: &str = "words.js";

/// Calls that take a selector, in which a space is no end of a word.
const SELECTOR_CALLS: &[&str] = &["find", "querySelector", "querySelectorAll", "closest", "matches", "matchMedia"];

/// Calls and members whose string people see or hear.
const SHOWN_BY_CALLS: &[&str] = &["announce", "setText", "setStatus", "setPlaceholder", "Error"];
const SHOWN_BY_MEMBERS: &[&str] =
    &["textContent", "innerText", "ariaLabel", "ariaDescription", "title", "alt", "placeholder", "label"];

/// Strings that only look like texts, with where they are.
const EXCEPTIONS: &[(&str, &str)] = &[
    // For developers: the page's own markup is incomplete.
    ("dom.js", "the page has no ${} at ${}"),
    // The type of a drag that carries files.
    ("transfer.js", "Files"),
    // A key.
    ("pictures.js", "Enter"),
];

/// A string or a template in a script.
#[derive(Debug, PartialEq)]
struct Literal {
    line: usize,
    /// As written; an expression in a template is `${}`.
    text: String,
    /// The function of the innermost call around it.
    call: String,
    /// The member that it is assigned to, or an empty string.
    member: String,
}

/// A script without comments and white space: its literals, and the rest with `""` for each literal.
#[derive(Debug, Default)]
struct Script {
    literals: Vec<Literal>,
    code: String,
}

impl Script {
    fn read(source: &str) -> Self {
        let mut script = Self::default();
        let characters: Vec<char> = source.chars().collect();
        let mut calls = Vec::new();
        let end = script.scan(&characters, 0, &mut calls);
        assert_eq!(end, characters.len(), "a bracket too many, before {:?}", script.code.len());
        script
    }

    /// Reads from `at` to the end, or to the `}` that ends an expression in a template; returns where that is.
    fn scan(&mut self, source: &[char], mut at: usize, calls: &mut Vec<String>) -> usize {
        let mut open = 0_u32;
        while let Some(&c) = source.get(at) {
            let next = source.get(at + 1).copied().unwrap_or('\n');
            match c {
                '/' if next == '/' => at = past(source, at, "\n"),
                '/' if next == '*' => at = past(source, at + 2, "*/"),
                '/' if self.expects_a_value() => {
                    at = end_of_regular_expression(source, at);
                    self.code.push_str("\"\"");
                }
                '"' | '\'' | '`' => {
                    at = self.literal(source, at, calls);
                    self.code.push_str("\"\"");
                }
                _ => {
                    match c {
                        '(' => calls.push(self.last_name()),
                        ')' => drop(calls.pop()),
                        '{' => open += 1,
                        '}' if open == 0 => return at,
                        '}' => open -= 1,
                        _ => {}
                    }
                    // Names stay apart.
                    if !c.is_whitespace() || !self.code.ends_with(char::is_whitespace) {
                        self.code.push(if c.is_whitespace() { ' ' } else { c });
                    }
                    at += 1;
                }
            }
        }
        at
    }

    /// Reads one literal; returns where the source goes on.
    fn literal(&mut self, source: &[char], start: usize, calls: &mut Vec<String>) -> usize {
        let quote = source[start];
        let line = 1 + source[..start].iter().filter(|c| **c == '\n').count();
        let call = calls.last().cloned().unwrap_or_default();
        let member = self.member();
        let (mut at, mut text) = (start + 1, String::new());
        while source[at] != quote {
            match (source[at], source[at + 1]) {
                ('\\', escaped) => {
                    text.push(escaped);
                    at += 2;
                }
                ('$', '{') if quote == '`' => {
                    text.push_str("${}");
                    // What is inside is no part of this call.
                    calls.push(String::new());
                    at = self.scan(source, at + 2, calls) + 1;
                    calls.pop();
                }
                (c, _) => {
                    text.push(c);
                    at += 1;
                }
            }
        }
        self.literals.push(Literal { line, text, call, member });
        at + 1
    }

    /// Whether a value and no operator comes next, so that `/` begins a regular expression.
    fn expects_a_value(&self) -> bool {
        self.code.trim_end().ends_with(['(', ',', '=', ':', '[', '!', '&', '|', '?', '{', '}', ';', '>'])
    }

    /// The name at the end of what was read.
    fn last_name(&self) -> String {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let code = self.code.trim_end();
        code[code.trim_end_matches(is_part).len()..].to_owned()
    }

    /// The name before a single `:` or `=` at the end of what was read.
    fn member(&self) -> String {
        let code = self.code.trim_end();
        let before = code.strip_suffix([':', '=']).unwrap_or_default();
        Self { code: before.to_owned(), literals: Vec::new() }.last_name()
    }
}

fn past(source: &[char], from: usize, mark: &str) -> usize {
    let mark: Vec<char> = mark.chars().collect();
    let found = source[from..].windows(mark.len()).position(|window| window == mark);
    found.map_or(source.len(), |found| from + found + mark.len())
}

fn end_of_regular_expression(source: &[char], start: usize) -> usize {
    let (mut at, mut is_in_class) = (start + 1, false);
    while source[at] != '/' || is_in_class {
        match source[at] {
            '\\' => at += 1,
            '[' => is_in_class = true,
            ']' => is_in_class = false,
            _ => {}
        }
        at += 1;
    }
    at + 1
}

/// Whether people would read this string: it has several words, it is one capitalised word, or it is shown where it stands.
fn is_for_people(literal: &Literal) -> bool {
    let Literal { text, call, member, .. } = literal;
    if SELECTOR_CALLS.contains(&call.as_str()) {
        return false;
    }
    let mut characters = text.chars();
    let is_capitalised = characters.next().is_some_and(char::is_uppercase)
        && characters.next().is_some_and(char::is_lowercase)
        && text.chars().all(|c| c.is_alphabetic() || c == '…');
    let is_shown = SHOWN_BY_CALLS.contains(&call.as_str()) || SHOWN_BY_MEMBERS.contains(&member.as_str());
    text.contains(char::is_whitespace) || is_capitalised || (is_shown && text.contains(char::is_alphabetic))
}

fn scripts() -> Vec<(String, Script)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../www");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let scripts: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "js"))
        .map(|path| {
            let source = fs::read_to_string(&path).unwrap();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), Script::read(&source))
        })
        .collect();
    assert!(scripts.len() > 10);
    scripts
}

#[test]
fn every_text_of_the_page_is_among_its_words() {
    let mut texts = 0;
    let mut strays = Vec::new();
    for (name, script) in scripts() {
        for literal in script.literals.iter().filter(|literal| is_for_people(literal)) {
            if name == WORDS {
                texts += 1;
            } else if !EXCEPTIONS.contains(&(name.as_str(), literal.text.as_str())) {
                strays.push(format!("{name}:{}: {:?}", literal.line, literal.text));
            }
        }
    }
    assert!(strays.is_empty(), "texts for people belong into www/{WORDS}:\n{}", strays.join("\n"));
    assert!(texts > 100, "only {texts} texts in www/{WORDS}");
}

#[test]
fn a_text_for_people_is_recognised() {
    let check = |source: &str, expected: &[&str]| {
        let script = Script::read(source);
        let texts: Vec<_> = script
            .literals
            .iter()
            .filter(|literal| is_for_people(literal))
            .map(|literal| literal.text.as_str())
            .collect();
        assert_eq!(texts, expected, "{source}");
    };
    check("setText(status, 'No video'); // 'not this'", &["No video"]);
    check("const label = isThere ? \"Watch\" : \"watch\";", &["Watch"]);
    check("announce(\"copied\"); find(\"#status\", HTMLElement);", &["copied"]);
    check("button.ariaLabel = `${label}: ${title}`;", &["${}: ${}"]);
    check("make(\"p\", { textContent: \"gone\", className: \"note\" });", &["gone"]);
    check("setText(find(`#${id}-count`, HTMLElement), `${count}/${max}`);", &[]);
    check("field.querySelectorAll(\"input, textarea\");", &[]);
    check("throw new Error(`no ${kind} ${\"here }\"}`); /* \"a b\" */", &["here }", "no ${} ${}"]);
    check("name.replace(/[^\\w-]+\"/g, \"_\"); const isLate = a / b / c;", &[]);
}

#[test]
fn the_language_of_the_words_is_that_of_the_document() {
    let read =
        |name: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../www").join(name)).unwrap();
    let words = read(WORDS);
    let language = words.split_once("const LANGUAGE = \"").unwrap().1.split_once('"').unwrap().0;
    assert!(read("index.html").contains(&format!("<html lang=\"{language}\">")), "{language}");
    for (name, script) in scripts() {
        let languages = script.literals.iter().filter(|literal| literal.text == language).count();
        assert_eq!(languages, usize::from(name == WORDS), "{name} names the language");
    }
}

#[test]
fn the_page_has_no_limit_of_its_own() {
    let limits = [
        MAX_IMAGES.to_string(),
        MAX_PROMPT_CHARACTERS.to_string(),
        MIN_EDGE_PX.to_string(),
        MAX_IMAGE_BYTES.to_string(),
        max_aspect_ratio(),
    ];
    for (name, script) in scripts() {
        let texts = script.literals.iter().map(|literal| literal.text.as_str());
        for text in texts.chain([script.code.as_str()]) {
            let numbers = text.replace('_', "");
            for number in numbers.split(|c: char| !(c.is_alphanumeric() || c == '.')) {
                assert!(!limits.iter().any(|limit| limit == number), "www/{name} has the limit {number} in {text:.80}");
            }
        }
    }
}
