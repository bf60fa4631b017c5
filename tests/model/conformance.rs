//! Every request that can be built is one that the provider's page documents, by a schema written from that page.

use boon::{Compiler, SchemaIndex, Schemas};
use kling_core::request::{BodyPart, Draft, DraftImage, ExternalTaskId};
use proptest::prelude::*;
use serde_json::Value;

struct Schema(Schemas, SchemaIndex);

impl Schema {
    fn of_requests() -> Self {
        let path = format!("{}/../tests/cases/schema/create-request.json", env!("CARGO_MANIFEST_DIR"));
        let mut schemas = Schemas::new();
        let index = Compiler::new().compile(&path, &mut schemas).unwrap();
        Self(schemas, index)
    }

    fn fault(&self, body: &str) -> Option<String> {
        let value: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
        self.0.validate(&value, self.1).err().map(|error| format!("{error:#}\n{body}"))
    }
}

/// The body of a draft that nothing is wrong with, each encoded image as the base64 of a few bytes.
fn body(draft: Draft) -> Option<String> {
    let id = ExternalTaskId::from_random([7; 16]);
    let request = draft.check().request?;
    let id = request.external_task_id().unwrap_or(&id).clone();
    let text = |part| match part {
        BodyPart::Text(text) => text,
        BodyPart::Image(_) => "/9j/4AA=".to_owned(),
    };
    Some(request.body(&id).into_iter().map(text).collect())
}

/// Other model names may be sent too, for the day on which the documented one is retired: there the schema lags behind.
fn some_draft() -> impl Strategy<Value = Draft> {
    let image = prop_oneof![
        Just(DraftImage::Encoded(Vec::new())),
        "https://[a-z]{1,8}\\.example/[a-z0-9]{0,8}\\.jpg".prop_map(DraftImage::Url),
    ];
    let one_of = |words: &'static [&'static str]| prop::option::of(prop::sample::select(words).prop_map(str::to_owned));
    let texts =
        (prop::option::of(".{0,40}"), prop::option::of(".{0,40}"), prop::option::of(Just("kling-v1-6".to_owned())));
    let words = (one_of(&["std", "pro", "max"]), one_of(&["5", "10", "7"]), one_of(&["16:9", "9:16", "1:1", "4:3"]));
    let rest = (prop::option::of("https://[a-z]{1,8}\\.example/hook"), prop::option::of("[A-Za-z0-9_-]{1,64}"));
    (prop::collection::vec(image, 0..6), texts, words, rest).prop_map(|(images, texts, words, rest)| Draft {
        images,
        prompt: texts.0,
        negative_prompt: texts.1,
        model_name: texts.2,
        mode: words.0,
        duration: words.1,
        aspect_ratio: words.2,
        callback_url: rest.0,
        external_task_id: rest.1,
        issues: Vec::new(),
    })
}

#[test]
fn the_schema_refuses_what_the_page_does() {
    let schema = Schema::of_requests();
    assert_eq!(schema.fault(r#"{"image_list":[{"image":"/9j/"}],"prompt":"x"}"#), None);
    for body in [
        "{}",
        r#"{"image_list":[]}"#,
        r#"{"image_list":[{"image":"data:image/png;base64,/9j/"}]}"#,
        r#"{"image_list":[{"image":"/9j/"}],"duration":5}"#,
        r#"{"image_list":[{"image":"/9j/"}],"mode":"max"}"#,
        r#"{"image_list":[{"image":"/9j/"}],"static_mask":"x"}"#,
        r#"{"image_list":[{"image":"/9j/"},{"image":"/9j/"},{"image":"/9j/"},{"image":"/9j/"},{"image":"/9j/"}]}"#,
    ] {
        assert!(schema.fault(body).is_some(), "{body} was taken");
    }
}

#[test]
fn what_is_built_conforms() {
    let schema = Schema::of_requests();
    let mut runner = proptest::test_runner::TestRunner::default();
    let built = std::cell::Cell::new(0);
    let run = runner.run(&some_draft(), |draft| {
        if let Some(body) = body(draft) {
            built.set(built.get() + 1);
            prop_assert_eq!(schema.fault(&body), None);
        }
        Ok(())
    });
    run.unwrap();
    assert!(built.get() > 10, "only {} drafts became requests", built.get());
}
