//! The grammar of RFC 8259.

use std::str::Chars;

use super::Json;

/// The maximum nesting: deeper than any response, and no danger to the stack.
const MAX_DEPTH: u32 = 64;

pub(super) fn parse(text: &str) -> Option<Json> {
    let mut reader = Reader { rest: text.chars() };
    let value = reader.value(0)?;
    reader.skip_space();
    reader.rest.next().is_none().then_some(value)
}

struct Reader<'a> {
    rest: Chars<'a>,
}

impl Reader<'_> {
    fn value(&mut self, depth: u32) -> Option<Json> {
        self.skip_space();
        match self.peek()? {
            '"' => self.text().map(Json::Text),
            '[' => self.list(depth.saturating_add(1)),
            '{' => self.object(depth.saturating_add(1)),
            'n' => self.word("null", Json::Null),
            't' => self.word("true", Json::Bool),
            'f' => self.word("false", Json::Bool),
            _ => self.number(),
        }
    }

    fn list(&mut self, depth: u32) -> Option<Json> {
        let mut items = Vec::new();
        self.members(depth, ']', |reader| {
            items.push(reader.value(depth)?);
            Some(())
        })?;
        Some(Json::List(items))
    }

    fn object(&mut self, depth: u32) -> Option<Json> {
        let mut members = Vec::new();
        self.members(depth, '}', |reader| {
            let key = reader.text()?;
            reader.skip_space();
            reader.take(':')?;
            members.push((key, reader.value(depth)?));
            Some(())
        })?;
        Some(Json::Object(members))
    }

    /// Reads the members between two brackets, with commas between them.
    fn members(&mut self, depth: u32, end: char, mut member: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.rest.next();
        self.skip_space();
        if self.take(end).is_some() {
            return Some(());
        }
        loop {
            self.skip_space();
            member(self)?;
            self.skip_space();
            if self.take(end).is_some() {
                return Some(());
            }
            self.take(',')?;
        }
    }

    fn text(&mut self) -> Option<String> {
        self.take('"')?;
        let mut text = String::new();
        loop {
            match self.rest.next()? {
                '"' => return Some(text),
                '\\' => {
                    let c = self.escaped()?;
                    text.push(c);
                }
                c if c < ' ' => return None,
                c => text.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.rest.next()? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.unit()?;
                char::from_u32(unit).unwrap_or_else(|| self.second_half(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            _ => return None,
        })
    }

    /// Reads the second half of a surrogate pair.
    fn second_half(&mut self, high: u32) -> Option<char> {
        let mut ahead = Self { rest: self.rest.clone() };
        ahead.take('\\')?;
        ahead.take('u')?;
        let low = ahead.unit()?;
        let is_pair = (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low);
        let above_the_first_plane = (high & 0x3ff) << 10 | (low & 0x3ff);
        let c = char::from_u32(above_the_first_plane.saturating_add(0x1_0000)).filter(|_| is_pair)?;
        *self = ahead;
        Some(c)
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0_u32;
        for _ in 0..4 {
            unit = unit << 4 | self.rest.next()?.to_digit(16)?;
        }
        Some(unit)
    }

    fn number(&mut self) -> Option<Json> {
        let mut text = String::new();
        self.push_if(&mut text, |c| c == '-');
        match self.push_if(&mut text, |c| c.is_ascii_digit())? {
            '0' => {}
            _ => self.digits(&mut text),
        }
        if self.push_if(&mut text, |c| c == '.').is_some() {
            self.push_if(&mut text, |c| c.is_ascii_digit())?;
            self.digits(&mut text);
        }
        if self.push_if(&mut text, |c| c == 'e' || c == 'E').is_some() {
            self.push_if(&mut text, |c| c == '+' || c == '-');
            self.push_if(&mut text, |c| c.is_ascii_digit())?;
            self.digits(&mut text);
        }
        Some(Json::Number(text))
    }

    fn digits(&mut self, text: &mut String) {
        while self.push_if(text, |c| c.is_ascii_digit()).is_some() {}
    }

    /// Moves the next character to the text, if it is a wanted one.
    fn push_if(&mut self, text: &mut String, wanted: fn(char) -> bool) -> Option<char> {
        let c = self.peek().filter(|c| wanted(*c))?;
        self.rest.next();
        text.push(c);
        Some(c)
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        self.rest = self.rest.as_str().strip_prefix(word)?.chars();
        Some(value)
    }

    fn take(&mut self, wanted: char) -> Option<()> {
        self.rest = self.rest.as_str().strip_prefix(wanted)?.chars();
        Some(())
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\n' | '\r')) {
            self.rest.next();
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }
}
