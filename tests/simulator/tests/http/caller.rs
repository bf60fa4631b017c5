//! A running simulator and a caller with a key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::{Client, Method, RequestBuilder, Response, header};
use serde_json::{Value, json};
use simulator::{Options, Simulator};
use std::io::Cursor;
use std::time::Duration;

/// Ends a test that hangs; no machine is so slow.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(300);

/// The same, as a number of tries at least 25 ms apart.
const MAX_TRIES: usize = 12_000;

pub(crate) const ENDPOINT: &str = "/kling/v1/videos/multi-image2video";

pub(crate) struct Caller {
    pub(crate) address: String,
    pub(crate) client: Client,
    pub(crate) key: String,
}

impl Caller {
    pub(crate) async fn new() -> Self {
        Self::of(Options::default()).await
    }

    pub(crate) async fn of(options: Options) -> Self {
        let simulator = Simulator::bind(options).await.unwrap();
        let address = format!("http://{}", simulator.address().unwrap());
        tokio::spawn(simulator.run());
        // Fails when another test was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { address, client, key: "sk-sim-test".to_owned() }
    }

    /// A request with the key, to a path of the simulator.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(&self.key)
    }

    /// A request without the key.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address))
    }

    pub(crate) async fn submit(&self, scenario: &str, body: &Value) -> Answer {
        let path = format!("/s/{scenario}{ENDPOINT}");
        let request = self.request(Method::POST, &path).json(body);
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn query(&self, scenario: &str, id: &str) -> Answer {
        let path = format!("/s/{scenario}{ENDPOINT}/{id}");
        Answer::of(self.request(Method::GET, &path).send().await.unwrap()).await
    }

    /// Submits, and returns the task id.
    pub(crate) async fn task(&self, scenario: &str) -> String {
        let answer = self.submit(scenario, &body()).await;
        answer.json()["data"]["task_id"].as_str().unwrap().to_owned()
    }

    /// Queries until the task ends, and returns its `data`.
    pub(crate) async fn end(&self, scenario: &str, id: &str) -> Value {
        for _ in 0..MAX_TRIES {
            let data = self.query(scenario, id).await.json()["data"].clone();
            if matches!(data["task_status"].as_str(), Some("succeed" | "failed")) {
                return data;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the task did not end within a few minutes");
    }

    /// Waits until this many submissions are charged.
    pub(crate) async fn charged(&self, count: usize) {
        for _ in 0..MAX_TRIES {
            if self.charges().await.len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{count} submissions were not charged within a few minutes");
    }

    /// How many submissions arrived, with a response or without.
    pub(crate) async fn posts(&self) -> usize {
        let account = self.account().await;
        account["requests"].as_array().into_iter().flatten().filter(|request| request["method"] == "POST").count()
    }

    /// Submits, waits, and returns the URL of the video.
    pub(crate) async fn video(&self, scenario: &str) -> String {
        let id = self.task(scenario).await;
        let data = self.end(scenario, &id).await;
        data["task_result"]["videos"][0]["url"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn account(&self) -> Value {
        let response = self.request(Method::GET, "/account").send().await.unwrap();
        response.json().await.unwrap()
    }

    pub(crate) async fn charges(&self) -> Vec<Value> {
        self.account().await["charges"].as_array().unwrap().clone()
    }

    /// The violations of this caller's requests.
    pub(crate) async fn violations(&self) -> Vec<Value> {
        self.account().await["violations"].as_array().unwrap().clone()
    }
}

/// A response that was read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let content_type = response.headers().get(header::CONTENT_TYPE);
        Self {
            status: response.status().as_u16(),
            content_type: content_type.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default(),
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("expected json, found {}", self.text))
    }

    /// Status and code, for errors in Kling's form.
    pub(crate) fn error(&self) -> (u16, Value) {
        (self.status, self.json()["code"].clone())
    }
}

/// A body that the service accepts.
pub(crate) fn body() -> Value {
    body_of(&[encoded(ImageFormat::Jpeg, 400, 300)])
}

pub(crate) fn body_of(pictures: &[String]) -> Value {
    let list: Vec<Value> = pictures.iter().map(|picture| json!({ "image": picture })).collect();
    json!({ "image_list": list, "prompt": "from the first to the last", "duration": "5" })
}

/// A picture as base64.
pub(crate) fn encoded(format: ImageFormat, width: u32, height: u32) -> String {
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([x, y, x + y].map(|n| n.to_le_bytes()[0])));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut bytes, format).unwrap();
    STANDARD.encode(bytes.into_inner())
}
