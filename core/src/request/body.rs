//! The JSON body in parts, so that no string contains the base64 of the images.

use super::{AspectRatio, Duration, ExternalTaskId, Field, Image, Mode, ModelName, Prompt, PublicUrl, VideoRequest};

/// A part of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyPart {
    /// JSON.
    Text(String),
    /// The base64 of the image with that index. The quotes are in the JSON around it.
    Image(usize),
}

impl VideoRequest {
    /// The parts of the body, in order. Absent fields are left out.
    pub fn body(&self, external_task_id: &ExternalTaskId) -> Vec<BodyPart> {
        // Exhaustive, so that each member is sent. `external_task_id` is the one that the caller chose, or a generated one.
        let Self {
            images,
            prompt,
            negative_prompt,
            mode,
            duration,
            aspect_ratio,
            model_name,
            callback_url,
            external_task_id: _,
        } = self;
        let mut body = Body { parts: Vec::new(), text: format!("{{\"{}\":[", Field::Images.wire_name()) };
        for (index, image) in images.iter().enumerate() {
            body.text.push_str(if index == 0 { "{\"image\":" } else { ",{\"image\":" });
            match image {
                Image::Encoded => body.image(index),
                Image::Url(url) => push_json_string(&mut body.text, url.as_str()),
            }
            body.text.push('}');
        }
        body.text.push(']');
        let fields = [
            (Field::ModelName, model_name.as_ref().map(ModelName::as_str)),
            (Field::Prompt, prompt.as_ref().map(Prompt::as_str)),
            (Field::NegativePrompt, negative_prompt.as_ref().map(Prompt::as_str)),
            (Field::Mode, mode.map(Mode::as_str)),
            (Field::Duration, duration.map(Duration::as_str)),
            (Field::AspectRatio, aspect_ratio.map(AspectRatio::as_str)),
            (Field::CallbackUrl, callback_url.as_ref().map(PublicUrl::as_str)),
            (Field::ExternalTaskId, Some(external_task_id.as_str())),
        ];
        for (field, value) in fields {
            let Some(value) = value else { continue };
            body.text.push_str(",\"");
            body.text.push_str(field.wire_name());
            body.text.push_str("\":");
            push_json_string(&mut body.text, value);
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

/// Appends a JSON string.
fn push_json_string(out: &mut String, text: &str) {
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
