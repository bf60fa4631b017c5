//! The output of plain `wasm-pack build --target web`, loaded by its own `init()`, without a bundler and without the package's
//! scripts.

use std::path::Path;

use page_tests::Browser;
use serde_json::json;

const SCRIPT: &str = r#"
    return (async () => {
        const kling = await import("/pkg/kling_multi_image2video.js");
        await kling.default();
        const canvas = new OffscreenCanvas(400, 300);
        canvas.getContext("2d").fillRect(0, 0, 200, 150);
        const image = await canvas.convertToBlob({ type: "image/jpeg" });
        const request = { images: [image], prompt: "a calm sea" };

        const { format, width, height, issues } = await kling.inspectImage(image);
        const problems = await kling.validateRequest({ images: [], prompt: "a calm sea" });
        const encoded = await kling.encodeImage(image);
        const body = JSON.parse(await (await kling.buildRequestBody(request)).text());

        const polling = { firstDelay: 20, interval: 20 };
        const client = new kling.Client({ apiKey: "sk-sim-module", baseUrl: `${location.origin}/s/ok/kling`, polling });
        const { taskId } = await client.submit(request);
        const statuses = [];
        await client.watch(taskId, undefined, ({ status }) => { statuses.push(status); });
        const video = await client.download(await client.getTask(taskId));
        const [record] = await client.records();

        const failure = (promise) => promise.then(
            () => "no error",
            (error) => [error instanceof kling.KlingError && kling.isKlingError(error), error.code],
        );
        const unknownOption = await failure(client.getTask(taskId, { singal: null }));
        const aborted = await client.getTask(taskId, { signal: AbortSignal.abort("left") }).catch((reason) => reason);
        client.close();
        return {
            info: [format, width, height, issues],
            problems: problems.map(({ code }) => code),
            isEncoded: body.image_list[0].image === encoded,
            lastStatus: statuses.at(-1),
            video: video.type,
            record: [record.taskId === taskId, record.state],
            unknownOption,
            aborted,
            closed: await failure(client.records()),
        };
    })();"#;

#[test]
fn it_has_the_public_names_and_works() {
    let folder = std::env::temp_dir();
    let browser = Browser::chosen();
    let session = browser.start(Path::new(&folder));
    let simulator = std::env::var("KLING_SIMULATOR").expect("the simulator's address, as `cargo xtask test` sets it");
    // Any document of that origin.
    session.open(&format!("{simulator}/config.json"));
    let names =
        session.run(r#"return import("/pkg/kling_multi_image2video.js").then((module) => Object.keys(module));"#, &[]);
    for name in [
        "inspectImage",
        "encodeImage",
        "validateRequest",
        "buildRequestBody",
        "Client",
        "KlingError",
        "isKlingError",
        "limits",
        "default",
    ] {
        assert!(names.as_array().is_some_and(|names| names.contains(&json!(name))), "no {name} in {names}");
    }
    let expected = json!({
        "info": ["jpeg", 400, 300, []],
        "problems": ["too_few_images"],
        "isEncoded": true,
        "lastStatus": "succeed",
        "video": "video/mp4",
        "record": [true, "succeed"],
        "unknownOption": [true, "invalid_option"],
        "aborted": "left",
        "closed": [true, "invalid_option"],
    });
    assert_eq!(session.run(SCRIPT, &[]), expected);
}
