//! The service's limits: the same numbers in the core, in JavaScript, on the page and in the documentation.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kling_core::image::limits::{
    MAX_ASPECT_RATIO_TENTHS, MAX_IMAGE_BYTES, MAX_IMAGE_MIB, MIN_EDGE_PX, max_aspect_ratio,
};
use kling_core::request::{MAX_IMAGES, MAX_PROMPT_CHARACTERS, MIN_IMAGES};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[track_caller]
fn states(path: &str, texts: &[String]) {
    // Where a line breaks does not matter.
    let words = |text: &str| text.replace("\n * ", " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let content = words(&read(path));
    for text in texts {
        assert!(content.contains(text), "{path} does not say {text:?}");
    }
}

/// The number as JavaScript has it.
fn number(limit: impl TryInto<u32>) -> f64 {
    limit.try_into().ok().unwrap().into()
}

/// The number as the texts for people spell it.
fn in_words(count: usize) -> &'static str {
    ["no", "one", "two", "three", "four", "five", "six", "seven", "eight"][count]
}

#[test]
fn javascript_has_the_limits_that_the_core_checks() {
    let script = read("src/js/limits.js");
    let members = script.split_once("Object.freeze({").unwrap().1.split_once("});").unwrap().0;
    let found: BTreeMap<&str, f64> = members
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(',').split_once(": "))
        .map(|(name, number)| (name, number.replace('_', "").parse().unwrap()))
        .collect();
    let expected = BTreeMap::from([
        ("minImages", number(MIN_IMAGES)),
        ("maxImages", number(MAX_IMAGES)),
        ("maxImageBytes", number(MAX_IMAGE_BYTES)),
        ("minImageEdge", number(MIN_EDGE_PX)),
        ("maxAspectRatio", number(MAX_ASPECT_RATIO_TENTHS) / 10.0),
        ("maxPromptLength", number(MAX_PROMPT_CHARACTERS)),
    ]);
    assert_eq!(found, expected);
    assert_eq!(max_aspect_ratio().parse(), Ok(expected["maxAspectRatio"]), "the number in the messages");
}

#[test]
fn the_schema_of_the_service_has_the_same_number_of_images() {
    let schema: serde_json::Value = serde_json::from_str(&read("tests/cases/schema/create-request.json")).unwrap();
    let images = &schema["properties"]["image_list"];
    assert_eq!((&images["minItems"], &images["maxItems"]), (&MIN_IMAGES.into(), &MAX_IMAGES.into()));
}

#[test]
fn the_texts_state_the_limits() {
    let (min, max) = (in_words(MIN_IMAGES), in_words(MAX_IMAGES));
    let ratio = max_aspect_ratio();
    states(
        "src/js/types.d.ts",
        &[
            format!("{MIN_IMAGES} to {MAX_IMAGES} ("),
            format!(
                "at most {MAX_IMAGE_MIB} MiB; each edge at least {MIN_EDGE_PX} px; between 1:{ratio} and {ratio}:1"
            ),
            format!("at most {MAX_PROMPT_CHARACTERS} characters"),
        ],
    );
    states(
        "docs/request.md",
        &[
            format!("| `images` | {MIN_IMAGES}–{MAX_IMAGES}: "),
            format!("| `prompt` | at most {MAX_PROMPT_CHARACTERS} characters"),
            format!("| `negativePrompt` | at most {MAX_PROMPT_CHARACTERS} characters"),
            format!("| size | at most {MAX_IMAGE_MIB} MiB |"),
            format!("| edges | each at least {MIN_EDGE_PX} px"),
            format!("| ratio | between 1:{ratio} and {ratio}:1 |"),
        ],
    );
    // Not filled in by a script, so that the page does not jump while it loads.
    states(
        "www/index.html",
        &[
            format!("{}{} to {max} pictures", min[..1].to_uppercase(), &min[1..]),
            format!(
                "Up to {max}. The service takes JPEG or PNG, each at most {MAX_IMAGE_MIB} MiB, each edge at least \
                 {MIN_EDGE_PX} pixels, neither wider than {ratio}:1 nor taller than 1:{ratio}."
            ),
            format!("<span id=\"prompt-count\" class=\"count\">0 / {MAX_PROMPT_CHARACTERS}</span>"),
            format!("<span id=\"negativePrompt-count\" class=\"count\">0 / {MAX_PROMPT_CHARACTERS}</span>"),
        ],
    );
}
