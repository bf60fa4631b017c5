//! The forms of responses that are known from this service, similar gateways and resellers.

use crate::answers::request_id;
use crate::task::{Phase, Snapshot};
use serde_json::{Value, json};

/// Every family by name.
pub const FAMILIES: &[(&str, Family)] = &[
    ("flat", Family::Flat),
    ("gateway", Family::Gateway),
    ("gateway-whole", Family::GatewayWhole),
    ("gateway-url", Family::GatewayUrl),
    ("gateway-timeout", Family::GatewayTimeout),
    ("openai", Family::OpenAi),
    ("reseller", Family::Reseller),
    ("sloppy", Family::Sloppy),
    ("qiniu", Family::Qiniu),
    ("turbo", Family::Turbo),
    ("new-kling", Family::NewKling),
    ("numbers", Family::Numbers),
    ("words", Family::Words),
    ("strings", Family::Strings),
    ("relative", Family::Relative),
    ("bare", Family::Bare),
];

/// The form of the responses about a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// As documented: `{code, message, data: {task_id, task_status, …}}`.
    Flat,
    /// The gateway's record of a task, with the upstream's `data` as its own `data`.
    Gateway,
    /// The same, with the upstream's whole answer as `data`.
    GatewayWhole,
    /// The same, without upstream's data, and the video's URL in `fail_reason`.
    GatewayUrl,
    /// The same, failed by the gateway's timeout while upstream still processes it.
    GatewayTimeout,
    /// `{id, object: "video", status, progress, video_url}`.
    OpenAi,
    /// `{task_id, status, url, format, metadata, error}`.
    Reseller,
    /// The fields of `data` at the top level, times in seconds, with empty strings.
    Sloppy,
    /// `{id, status, progress, expires_at, task_result}`.
    Qiniu,
    /// Flat, with an empty status once there is a video.
    Turbo,
    /// `{code, data: {id, status, outputs}}`.
    NewKling,
    /// Flat, with numbers instead of strings, no code, and times in seconds.
    Numbers,
    /// Flat, with the status words of another service, and with ids that a path must encode.
    Words,
    /// `{id, status, progress, outputs}`: an unknown word at the end, and the URL as a string.
    Strings,
    /// `{id, status, url}`, with a relative URL: the gateway's own route to the video.
    Relative,
    /// `{id, object: "video", status, progress}`, without any URL.
    Bare,
}

impl Family {
    /// The response to the submission.
    pub fn accepted(self, task: &Snapshot) -> Value {
        match self {
            // As on the provider's page: without a request id and a result.
            Self::Flat | Self::Turbo => {
                let mut data = flat(task);
                remove(&mut data, "task_result");
                json!({ "code": 0, "message": "SUCCEED", "data": data })
            }
            Self::Gateway | Self::GatewayWhole | Self::GatewayUrl | Self::GatewayTimeout => {
                gateway(task, "NOT_START", "", "0%", &Value::Null)
            }
            _ => self.state(task),
        }
    }

    /// The response to a query. Its message is about the query, not about the task.
    pub fn state(self, task: &Snapshot) -> Value {
        match self {
            Self::Flat => kling(&flat(task)),
            Self::Gateway => gateway_state(task, "QUEUED", &flat(task)),
            Self::GatewayWhole => gateway_state(task, "SUBMITTED", &kling(&flat(task))),
            Self::GatewayUrl => gateway_url(task),
            Self::GatewayTimeout => gateway_timeout(task),
            Self::OpenAi => openai(task),
            Self::Reseller => reseller(task),
            Self::Sloppy => sloppy(task),
            Self::Qiniu => qiniu(task),
            Self::Turbo => {
                let mut data = flat(task);
                if task.phase == Phase::Succeed {
                    data["task_status"] = "".into();
                }
                kling(&data)
            }
            Self::NewKling => new_kling(task),
            Self::Numbers => numbers(task),
            Self::Words => {
                let mut data = flat(task);
                data["task_status"] = other_word(task.phase).into();
                kling(&data)
            }
            Self::Strings => strings(task),
            Self::Relative => {
                let mut body = bare(task);
                body["url"] = task.url.as_ref().map(|_| format!("/v1/videos/{}/content", encoded(&task.id))).into();
                body
            }
            Self::Bare => bare(task),
        }
    }
}

fn kling(data: &Value) -> Value {
    json!({ "code": 0, "message": "SUCCEED", "request_id": request_id(), "data": data })
}

fn flat(task: &Snapshot) -> Value {
    let info = task.external_task_id.as_ref().map_or(json!({}), |id| json!({ "external_task_id": id }));
    let mut data = json!({
        "task_id": task.id,
        "task_status": task.word,
        "task_info": info,
        "task_result": {},
        "created_at": task.created,
        "updated_at": task.updated,
    });
    if let Phase::Failed(reason) = task.phase {
        data["task_status_msg"] = reason.into();
    }
    if let Some(url) = &task.url {
        // The file is one frame longer than requested, as the service's files are.
        let duration = format!("{}.041", task.seconds);
        data["task_result"] = json!({ "videos": [{ "id": task.video_id(), "url": url, "duration": duration }] });
    }
    data
}

fn gateway(task: &Snapshot, status: &str, reason: &str, progress: &str, data: &Value) -> Value {
    let ended = if progress == "100%" { task.updated / 1000 } else { 0 };
    let started = if matches!(task.phase, Phase::Submitted) { 0 } else { task.begun / 1000 };
    json!({ "code": "success", "message": "", "data": {
        // The number of the gateway's row; no query finds a task by it.
        "id": 4711,
        "created_at": task.created / 1000,
        "updated_at": task.updated / 1000,
        "task_id": task.id,
        "platform": "50",
        "user_id": 1,
        "group": "default",
        "channel_id": 7,
        "quota": task.cents * 5000,
        "action": "multiImage2video",
        "status": status,
        "fail_reason": reason,
        "submit_time": task.created / 1000,
        "start_time": started,
        "finish_time": ended,
        "progress": progress,
        "properties": { "input": "", "upstream_model_name": "kling-v1-6", "origin_model_name": "kling-v1-6" },
        "data": data,
    }})
}

fn gateway_state(task: &Snapshot, waiting: &str, data: &Value) -> Value {
    match task.phase {
        Phase::Submitted => gateway(task, waiting, "", "10%", data),
        Phase::Processing => gateway(task, "IN_PROGRESS", "", "30%", data),
        Phase::Succeed => gateway(task, "SUCCESS", "", "100%", data),
        Phase::Failed(reason) => gateway(task, "FAILURE", reason, "100%", data),
    }
}

fn gateway_url(task: &Snapshot) -> Value {
    match &task.url {
        Some(url) => gateway(task, "SUCCESS", url, "100%", &Value::Null),
        None => gateway_state(task, "QUEUED", &Value::Null),
    }
}

fn gateway_timeout(task: &Snapshot) -> Value {
    if matches!(task.phase, Phase::Submitted | Phase::Processing) {
        return gateway_state(task, "QUEUED", &flat(task));
    }
    let mut data = flat(task);
    data["task_status"] = "processing".into();
    data["task_result"] = json!({});
    data["updated_at"] = task.begun.into();
    remove(&mut data, "task_status_msg");
    gateway(task, "FAILURE", "timeout", "100%", &data)
}

fn openai(task: &Snapshot) -> Value {
    let mut body = json!({
        "id": task.id,
        "task_id": task.id,
        "object": "video",
        "model": "kling-v1-6",
        "status": common_word(task.phase, "queued"),
        "progress": percent(task.phase),
        "created_at": task.created / 1000,
    });
    if ended(task.phase) {
        body["completed_at"] = (task.updated / 1000).into();
    }
    if let Some(url) = &task.url {
        body["video_url"] = url.as_str().into();
    }
    if let Phase::Failed(reason) = task.phase {
        body["error"] = json!({ "code": "task_failed", "message": reason });
    }
    body
}

fn reseller(task: &Snapshot) -> Value {
    let error = match task.phase {
        Phase::Failed(reason) => json!({ "code": 1301, "message": reason }),
        _ => Value::Null,
    };
    let metadata = task.url.as_ref().map(|_| json!({ "duration": task.seconds, "fps": 24, "seed": 0 }));
    json!({
        "task_id": task.id,
        "status": common_word(task.phase, "queued"),
        "url": task.url.as_deref().unwrap_or_default(),
        "format": "mp4",
        "metadata": metadata,
        "error": error,
    })
}

fn sloppy(task: &Snapshot) -> Value {
    let mut body = flat(task);
    body["code"] = 0.into();
    body["message"] = "SUCCEED".into();
    body["request_id"] = request_id().into();
    body["created_at"] = (task.created / 1000).into();
    body["updated_at"] = (task.updated / 1000).into();
    body["task_result"] = match &task.url {
        Some(url) => {
            let duration = format!("{}.042", task.seconds);
            json!({ "videos": [{ "id": "", "url": url, "watermark_url": "", "duration": duration }] })
        }
        None => json!({ "videos": null }),
    };
    body
}

fn qiniu(task: &Snapshot) -> Value {
    let mut body = json!({
        "id": task.id,
        "object": "video",
        "model": "kling-v1-6",
        "status": common_word(task.phase, "initializing"),
        "progress": percent(task.phase),
        "created_at": task.created / 1000,
        "updated_at": task.updated / 1000,
        "seconds": task.seconds.to_string(),
    });
    if let Some(url) = &task.url {
        let duration = format!("{}.1", task.seconds);
        body["expires_at"] = (task.updated / 1000 + 86_400).into();
        body["task_result"] = json!({ "videos": [{ "id": task.video_id(), "url": url, "duration": duration }] });
    }
    if let Phase::Failed(reason) = task.phase {
        body["error"] = json!({ "code": "task_failed", "message": reason });
    }
    body
}

fn new_kling(task: &Snapshot) -> Value {
    let status = if task.phase == Phase::Succeed { "succeeded" } else { task.word };
    let mut data = json!({
        "id": task.id,
        "status": status,
        "outputs": [],
        "created_at": task.created,
        "updated_at": task.updated,
    });
    if let Some(url) = &task.url {
        let duration = format!("{}.041", task.seconds);
        data["outputs"] = json!([{ "id": task.video_id(), "type": "video", "url": url, "duration": duration }]);
    }
    if let Phase::Failed(reason) = task.phase {
        data["message"] = reason.into();
    }
    kling(&data)
}

fn numbers(task: &Snapshot) -> Value {
    let mut data = flat(task);
    data["task_id"] = task.id.parse::<u64>().map_or(Value::Null, Into::into);
    data["created_at"] = (task.created / 1000).into();
    data["updated_at"] = (task.updated / 1000).into();
    if task.url.is_some() {
        data["task_result"]["videos"][0]["duration"] = (f64::from(task.seconds) + 0.041).into();
    }
    json!({ "code": null, "message": "SUCCEED", "request_id": request_id(), "data": data })
}

fn strings(task: &Snapshot) -> Value {
    let status = if task.phase == Phase::Succeed { "delivered" } else { common_word(task.phase, "in-queue") };
    let outputs: Vec<&str> = task.url.iter().map(String::as_str).collect();
    let mut body = json!({ "id": task.id, "status": status, "progress": percent(task.phase), "outputs": outputs });
    if let Phase::Failed(reason) = task.phase {
        body["error"] = reason.into();
    }
    body
}

fn bare(task: &Snapshot) -> Value {
    let mut body = openai(task);
    remove(&mut body, "video_url");
    remove(&mut body, "task_id");
    body
}

/// An id in a path.
pub fn encoded(id: &str) -> String {
    id.replace('/', "%2F")
}

fn other_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Submitted => "IN-QUEUE",
        Phase::Processing => "stage 2",
        Phase::Succeed => "Done",
        Phase::Failed(_) => "EXPIRED",
    }
}

fn common_word(phase: Phase, waiting: &'static str) -> &'static str {
    match phase {
        Phase::Submitted => waiting,
        Phase::Processing => "in_progress",
        Phase::Succeed => "completed",
        Phase::Failed(_) => "failed",
    }
}

fn percent(phase: Phase) -> u32 {
    match phase {
        Phase::Submitted => 0,
        Phase::Processing => 30,
        Phase::Succeed | Phase::Failed(_) => 100,
    }
}

fn ended(phase: Phase) -> bool {
    matches!(phase, Phase::Succeed | Phase::Failed(_))
}

fn remove(data: &mut Value, name: &str) {
    if let Some(fields) = data.as_object_mut() {
        fields.remove(name);
    }
}
