//! The npm package as a page uses it, in a real browser, against the simulator.
//!
//! The cases are JavaScript, because that is what the package is for; here each gets its name and its place in the count.
//! The simulator's address is compiled in, because a browser test cannot read the environment: start it first.
#![cfg(target_family = "wasm")]

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// The demo's address, for somebody who started just that.
const SIMULATOR: &str = match option_env!("KLING_SIMULATOR") {
    Some(address) => address,
    None => "http://127.0.0.1:8317",
};

// The one script that is put beside the test binary. The others come from the simulator: the runner's own server answers
// no more than four connections at a time reliably, and a page that waits for a fifth waits for ever.
#[wasm_bindgen(module = "/tests/browser/run.js")]
extern "C" {
    /// Runs one case of one module.
    #[wasm_bindgen(catch, js_name = runCase)]
    async fn run_case(simulator: &str, module: &str, name: &str) -> Result<JsValue, JsValue>;
}

macro_rules! cases {
    ($module:literal: $($name:ident),+ $(,)?) => {
        $(#[wasm_bindgen_test]
        async fn $name() -> Result<(), JsValue> {
            run_case(SIMULATOR, $module, stringify!($name)).await.map(|_| ())
        })+
    };
}

mod images {
    use super::*;
    cases! { "images":
        a_photo_is_inspected,
        sizes_are_those_that_the_browser_shows,
        what_the_service_would_refuse_is_refused,
        content_counts_not_name_or_type,
        an_unreadable_file_is_an_issue,
        base64_is_that_of_the_browser,
        a_body_is_exactly_the_documented_json,
        every_kind_of_source_is_taken,
        all_problems_come_at_once,
        unknown_keys_are_refused_by_name,
        limits_are_there_at_once_and_are_what_is_checked,
        lists_of_images_of_any_kind,
        memory_does_not_grow_with_the_images,
        a_request_is_what_it_was_at_the_call,
    }
}

mod service {
    use super::*;
    cases! { "service":
        from_pictures_to_a_video,
        generate_reports_its_progress_in_order,
        a_watch_brings_each_change_and_ends,
        leaving_a_watch_ends_its_requests,
        headers_are_the_documented_ones,
        a_wrong_key_is_unauthorized_and_costs_nothing,
        a_failed_task_is_an_error_of_wait_only,
        a_refused_submission_is_rejected,
        no_network,
        trouble_that_passes_is_waited_out,
        odd_answers_to_a_question,
        a_timeout_can_be_waited_on,
        generate_tells_of_the_task_whatever_ends_it,
        what_is_only_like_a_response_hangs_nothing,
        videos_that_cannot_be_had,
        what_is_refused_here_is_never_sent,
        bad_options_reject_the_first_call,
        a_key_may_be_a_function,
        a_listener_that_throws_disturbs_nothing,
    }
}

mod money {
    use super::*;
    cases! { "money":
        each_refusal_is_rejected_and_free,
        what_is_put_off_is_sent_again_and_paid_for_once,
        an_answer_that_is_lost_is_looked_for,
        what_is_never_found_stays_unknown_and_is_not_repeated,
        nothing_is_sent_before_the_address_answers_like_the_service,
        a_task_is_read_in_every_family,
        identical_requests_are_joined,
        one_id_is_paid_for_once,
        a_call_knows_what_was_known_when_it_was_made,
        an_abort_before_the_request_frees_its_id,
        only_the_caller_sends_an_unknown_one_again,
    }
}

mod twice {
    use super::*;
    cases! { "twice":
        another_tab,
        another_tab_and_a_third_party,
        another_tab_without_locks,
        another_tab_without_locks_and_a_third_party,
        another_client,
        another_client_and_a_third_party,
        another_client_without_locks,
        another_client_without_locks_and_a_third_party,
        another_client_in_memory,
        another_client_in_memory_and_a_third_party,
        another_client_in_memory_without_locks,
        another_client_in_memory_without_locks_and_a_third_party,
        the_same_client,
        the_same_client_and_a_third_party,
        the_same_client_without_locks,
        the_same_client_without_locks_and_a_third_party,
        the_same_client_in_memory,
        the_same_client_in_memory_and_a_third_party,
        the_same_client_in_memory_without_locks,
        the_same_client_in_memory_without_locks_and_a_third_party,
    }
}

mod records {
    use super::*;
    cases! { "records":
        a_record_is_what_the_contract_says,
        records_belong_to_an_address_and_a_name,
        changes_are_heard_in_every_tab,
        another_tab_hears_too,
        a_tab_that_is_gone_leaves_an_unknown_one,
        a_client_that_is_closed_early_keeps_no_lock,
        without_room_all_is_listed_and_may_be_forgotten,
        two_tabs_send_one_id_once,
        an_abort_of_the_paid_request_leaves_it_unknown,
        what_was_created_elsewhere_is_adopted,
        without_a_database_there_is_memory,
        without_a_record_nothing_is_sent,
        a_key_in_the_place_of_an_id_is_refused,
        a_closed_client_does_nothing_more,
    }
}

mod hostile {
    use super::*;
    cases! { "hostile":
        what_is_no_file_is_refused_and_hangs_nothing,
        fields_of_a_class_are_read,
        what_throws_when_read_is_an_error_of_ours,
        numbers_beyond_every_measure_lose_no_task,
        an_answer_of_which_nothing_may_be_read_proves_nothing,
        the_key_is_told_in_no_spelling,
        a_key_is_redacted_before_anything_is_read,
        a_large_answer_is_not_read,
        what_was_never_sent_is_told_as_such,
        a_value_of_the_wrong_type_is_refused,
        a_foreign_module_is_refused_and_forgotten,
        a_limit_of_time_covers_the_key,
        answers_of_any_kind_end_in_an_error_of_ours,
    }
}

mod outages {
    use super::*;
    cases! { "outages":
        offline_while_polling,
        offline_while_encoding,
        offline_while_the_request_is_under_way,
        offline_while_downloading,
        a_page_that_is_shown_again_asks_at_once,
        tabs_share_one_poller,
        where_tabs_may_not_talk_each_asks_for_itself,
        a_leader_that_falls_silent_is_replaced,
        the_tab_that_is_seen_leads,
        a_day_long_wait,
        a_clock_that_jumps_ends_no_wait,
        a_clock_that_lies_hangs_nothing,
        no_more_than_six_requests_at_once,
    }
}

mod videos {
    use super::*;
    cases! { "videos":
        a_video_comes_home_in_spite_of_its_host,
        a_stream_that_stops_is_taken_up_again,
        what_the_host_lets_no_page_read_comes_through_the_gateway,
        what_cannot_be_had_at_all_is_told_with_its_address,
        a_kept_video_outlives_its_address_and_the_network,
        memory_keeps_videos_too,
        what_was_created_elsewhere_is_kept_with_a_record,
        only_a_finished_video_is_kept,
        without_room_nothing_is_kept_and_nothing_is_lost,
        a_browser_that_keeps_no_blobs_keeps_their_bytes,
        a_tab_that_is_gone_leaves_no_half_of_a_video,
        bytes_that_the_browser_has_lost_are_not_kept,
        an_older_database_is_brought_up,
        two_tabs_lose_nothing_that_the_service_has_said,
        pictures_of_a_kept_video_play,
    }
}

mod abort {
    use super::*;
    cases! { "abort":
        an_aborted_signal_begins_nothing,
        while_the_key_is_awaited,
        while_images_are_encoded,
        while_the_request_is_under_way,
        while_a_wait_sleeps,
        while_a_question_is_open,
        while_a_video_arrives,
    }
}

mod loading {
    use super::*;
    cases! { "loading":
        many_inits_are_one,
        a_failed_load_is_not_remembered,
        what_is_not_beside_the_script_comes_from_inside,
        the_entry_with_the_module_inside_fetches_nothing,
        a_wrong_file_is_told_as_what_it_is,
        a_policy_that_forbids_it_is_named,
        a_policy_that_forbids_instances_only_is_named,
        a_module_worker_has_it_all,
        modules_and_bytes_are_sources,
        a_failed_instance_rejects_everything_and_is_replaced,
        errors_are_errors,
    }
}

mod company {
    use super::*;
    cases! { "company":
        two_copies_on_one_page,
        a_fetch_that_the_site_has_wrapped,
    }
}

mod search {
    use super::*;
    cases! { "search":
        each_spelling_of_the_key_is_found,
        the_key_is_found_in_each_place_of_a_page,
        the_key_is_found_in_all_that_a_client_says,
        the_key_is_found_in_what_workers_say,
        the_key_is_found_in_each_place_of_a_request,
    }
}

mod wire {
    use super::*;
    cases! { "wire":
        cut_submissions_are_paid_for_once,
        cut_waits_and_downloads_end_well,
    }
}
