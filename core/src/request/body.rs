//! The JSON body in parts, so that the images' base64 never passes through one text.

use super::{ExternalTaskId, Image, VideoRequest};

/// A part of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyPart {
    /// JSON as it stands.
    Text(String),
    /// The base64 of the image of that index, which needs no escaping between its quotes.
    Image(usize),
}

impl VideoRequest {
    /// The body, in the order in which it is sent. Absent fields are absent.
    pub fn body(&self, external_task_id: &ExternalTaskId) -> Vec<BodyPart> {
        let mut body = Body { parts: Vec::new(), text: String::from("{\"image_list\":[") };
        for (index, image) in self.images.iter().enumerate() {
            body.text.push_str(if index == 0 { "{\"image\":" } else { ",{\"image\":" });
            match image {
                Image::Encoded => body.image(index),
                Image::Url(url) => push_json_text(&mut body.text, url.as_str()),
            }
            body.text.push('}');
        }
        body.text.push(']');
        let fields = [
            ("model_name", self.model_name()),
            ("prompt", self.prompt()),
            ("negative_prompt", self.negative_prompt()),
            ("mode", self.mode()),
            ("duration", self.duration()),
            ("aspect_ratio", self.aspect_ratio()),
            ("callback_url", self.callback_url.as_ref().map(super::CallbackUrl::as_str)),
            ("external_task_id", Some(external_task_id.as_str())),
        ];
        for (name, value) in fields {
            let Some(value) = value else { continue };
            body.text.push_str(",\"");
            body.text.push_str(name);
            body.text.push_str("\":");
            push_json_text(&mut body.text, value);
        }
        body.text.push('}');
        body.parts.push(BodyPart::Text(body.text));
        body.parts
    }
}

struct Body {
    parts: Vec<BodyPart>,
    text: String,
}

impl Body {
    fn image(&mut self, index: usize) {
        self.text.push('"');
        self.parts.push(BodyPart::Text(std::mem::take(&mut self.text)));
        self.parts.push(BodyPart::Image(index));
        self.text.push('"');
    }
}

/// Appends a text in quotes, escaped as JSON wants it.
fn push_json_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                out.push_str("\\u00");
                out.push(if c < '\u{10}' { '0' } else { '1' });
                out.push(char::from_digit(u32::from(c) & 0xf, 16).unwrap_or('0'));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
