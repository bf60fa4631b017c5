// The names of the cases, which are in the scripts of these names.

cases! { images:
    a_photo_is_inspected,
    sizes_are_those_that_the_browser_displays,
    what_the_service_would_refuse_is_refused,
    the_format_comes_from_the_content_not_from_name_or_type,
    an_unreadable_file_is_an_issue,
    base64_equals_that_of_the_browser,
    a_body_is_exactly_the_documented_json,
    every_kind_of_image_source_is_accepted,
    a_data_url_is_decoded_as_the_browser_does,
    all_problems_are_reported_at_once,
    unknown_keys_are_refused_by_name,
    limits_need_no_module_and_are_those_that_are_checked,
    every_kind_of_image_list_is_accepted,
    memory_does_not_grow_with_the_images,
    a_request_is_copied_at_the_call,
}

cases! { prepare:
    an_acceptable_image_is_returned_as_it_is,
    each_orientation_is_applied_once,
    an_orientation_that_browsers_ignore_is_not_applied,
    orientation_and_size_change_together,
    metadata_is_removed_without_a_change_of_pixels,
    colours_of_wide_gamut_stay,
    a_cmyk_jpeg_becomes_rgb,
    every_format_that_the_browser_shows_is_converted,
    transparency_is_kept_in_png_and_white_in_jpeg,
    a_ratio_beyond_the_limit_is_refused_cropped_or_padded,
    a_small_image_is_enlarged_up_to_twice,
    a_file_that_is_too_large_is_made_to_fit,
    a_photo_of_fifty_megapixels_is_shrunk,
    what_cannot_be_prepared_is_refused,
    options_are_checked,
    only_what_the_browser_cannot_show_is_decoded_by_the_caller,
    an_abort_rejects_at_once,
}

cases! { canvas:
    a_canvas_that_falsifies_pixels_is_noticed,
    a_file_is_decoded_beside_the_page_where_the_browser_would_block_it,
}

cases! { prepared:
    prepared_images_are_what_arrives,
    images_that_cannot_be_prepared_are_named_and_nothing_is_sent,
    options_of_the_preparation_are_checked,
    identical_preparations_are_joined,
    an_abort_while_images_are_prepared_sends_nothing,
    each_ending_of_a_call_ends_its_preparation_at_once,
    closing_ends_joined_calls_and_later_ones,
    a_timeout_counts_from_the_acceptance_also_if_images_are_prepared,
    the_progress_names_each_file_that_is_prepared,
    a_worker_prepares_images,
    a_script_that_cannot_be_loaded_is_reported,
    the_entry_with_everything_inside_fetches_no_script,
}

cases! { kinds:
    display_p3_jpeg,
    display_p3_jpeg_that_needs_no_change,
    transparent_png,
    transparent_png_as_jpeg,
    transparent_webp,
    png_of_16_bits,
    cmyk_jpeg,
    animated_gif,
    animated_webp,
    animated_png,
    animated_png_that_needs_no_change,
    webp_with_an_orientation,
    webp_with_exif_far_from_its_start,
    webp_with_xmp_far_from_its_start,
    avif,
    jpeg_of_50_megapixels,
    jpeg_with_orientation_1,
    jpeg_with_orientation_2,
    jpeg_with_orientation_3,
    jpeg_with_orientation_4,
    jpeg_with_orientation_5,
    jpeg_with_orientation_6,
    jpeg_with_orientation_7,
    jpeg_with_orientation_8,
}

cases! { plan:
    each_image_gets_the_plan_of_the_table,
    every_plan_is_acceptable,
    a_file_that_is_too_large_gets_smaller,
}

cases! { service:
    from_images_to_a_video,
    generate_reports_its_progress_in_order,
    a_watch_yields_each_change_and_ends,
    leaving_a_watch_ends_its_requests,
    requests_have_the_documented_headers,
    a_wrong_key_is_unauthorized_and_costs_nothing,
    a_failed_task_rejects_wait_only,
    a_rejected_submission_costs_nothing,
    without_a_network_calls_are_retryable,
    trouble_that_passes_is_waited_out,
    odd_responses_to_get_task,
    a_timeout_can_be_waited_on,
    errors_of_generate_have_the_task_id,
    an_object_that_is_only_like_a_response_hangs_no_call,
    videos_that_cannot_be_downloaded,
    an_invalid_request_is_never_sent,
    bad_options_reject_the_first_call,
    a_key_may_be_a_function,
    a_listener_that_throws_ends_no_call,
}

cases! { money:
    each_refusal_is_rejected_and_free,
    a_throttled_submission_is_sent_again_and_charged_once,
    a_task_is_looked_up_after_a_lost_response,
    a_submission_that_is_never_found_stays_unknown,
    the_paid_request_waits_for_a_proper_response_to_the_look_up,
    a_task_is_read_in_every_form_of_response,
    identical_requests_are_joined,
    one_id_is_charged_once,
    a_call_knows_only_outcomes_from_before_it_was_made,
    an_abort_before_the_request_frees_its_id,
    only_the_caller_sends_an_unknown_submission_again,
}

cases! { twice:
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

cases! { records:
    a_record_is_what_the_contract_says,
    records_belong_to_a_base_url_and_a_store_name,
    record_changes_are_reported_with_each_state,
    record_changes_are_reported_to_another_tab,
    removals_are_reported_in_every_tab,
    a_closed_tab_leaves_an_unknown_record,
    a_client_that_is_closed_at_once_keeps_no_lock,
    with_a_full_disk_records_are_listed_and_can_be_forgotten,
    two_tabs_send_one_id_once,
    an_abort_of_the_paid_request_leaves_an_unknown_record,
    a_task_that_was_created_elsewhere_is_adopted,
    without_a_database_records_are_in_memory,
    without_a_record_nothing_is_sent,
    a_key_in_the_place_of_an_id_is_refused,
    a_closed_client_rejects_every_call,
}

cases! { values:
    a_value_that_is_no_file_is_refused_and_hangs_no_call,
    fields_of_a_class_are_read,
    a_getter_that_throws_is_an_invalid_option,
    a_value_of_the_wrong_type_is_refused,
    a_foreign_module_is_refused_and_the_next_load_works,
    a_timeout_covers_the_key_function,
}

cases! { responses:
    huge_numbers_lose_no_task,
    an_unreadable_response_leaves_the_outcome_unknown,
    a_response_above_the_size_limit_is_not_read,
    every_malformed_response_is_a_kling_error,
}

cases! { answers:
    any_id_of_a_service_works_in_every_call,
    any_id_stays_one_segment_of_a_path,
    status_words_of_gateways_end_a_task,
    a_video_is_found_wherever_a_gateway_puts_it,
    a_success_without_a_url_is_a_success,
    retry_after_is_read_as_seconds_and_as_a_date,
    a_cache_of_the_site_is_noticed,
}

cases! { redaction:
    the_key_is_reported_in_no_spelling,
    the_key_is_redacted_before_a_response_is_parsed,
}

cases! { outages:
    a_slow_upload_is_no_stall,
    offline_while_polling,
    offline_while_encoding,
    offline_while_the_request_is_under_way,
    offline_while_downloading,
    a_page_that_is_shown_again_polls_at_once,
    no_more_than_six_requests_at_once,
}

cases! { portal:
    before_the_payment_a_portal_is_an_error_and_nothing_is_sent,
    a_portal_that_catches_the_paid_request_costs_nothing_twice,
    a_portal_that_catches_the_response_loses_no_task,
    while_a_task_is_watched_a_portal_is_waited_out,
    a_portal_that_outlasts_the_budget_ends_the_wait_and_not_the_task,
    a_page_of_a_portal_is_never_kept_as_the_video,
}

cases! { tabs:
    tabs_share_one_poller,
    without_channels_each_tab_polls_itself,
    a_polling_tab_that_falls_silent_is_replaced,
    the_visible_tab_polls,
}

cases! { clocks:
    a_day_long_wait,
    a_clock_that_jumps_ends_no_wait,
    a_wrong_clock_hangs_no_call,
}

cases! { videos:
    a_download_survives_trouble_at_the_delivery_host,
    a_stalled_download_is_resumed,
    a_video_without_cors_comes_through_the_gateway,
    a_blocked_download_reports_the_url,
    a_kept_video_needs_no_url_and_no_network,
    memory_keeps_videos_too,
    a_video_that_was_created_elsewhere_is_kept_with_a_record,
    only_a_finished_video_is_kept,
    with_a_full_disk_no_video_is_kept_and_no_record_is_lost,
    a_browser_that_stores_no_blobs_stores_their_bytes,
    a_tab_closed_while_keeping_leaves_a_whole_video_or_none,
    a_video_whose_bytes_the_browser_lost_is_not_kept,
    an_older_database_is_upgraded,
    a_tab_with_a_stale_record_overwrites_no_final_state,
    a_kept_video_plays,
}

cases! { deliveries:
    a_compressed_video_is_whole_at_the_first_attempt,
    a_part_is_completed,
    half_a_video_is_an_error_and_is_not_kept,
    a_task_without_a_url_comes_through_the_gateway,
    without_room_the_video_is_in_the_error,
}

cases! { abort:
    an_aborted_signal_starts_no_request,
    while_the_key_function_is_pending,
    while_images_are_encoded,
    while_the_request_is_under_way,
    while_a_wait_sleeps,
    while_a_poll_is_open,
    while_a_video_arrives,
}

cases! { loading:
    repeated_calls_of_init_load_once,
    importing_reads_no_global_of_a_browser,
    the_inline_script_is_imported_only_where_the_file_cannot_be_had,
    a_failed_load_is_not_remembered,
    without_a_wasm_file_the_module_comes_from_the_inline_script,
    the_entry_with_the_module_inside_fetches_nothing,
    a_wrong_file_is_named_in_the_error,
    a_policy_that_forbids_webassembly_is_named,
    a_policy_that_forbids_instances_only_is_named,
    a_module_worker_can_do_everything,
    modules_and_bytes_are_sources,
    a_failed_instance_rejects_every_call_and_is_replaced,
    an_instance_that_fails_in_a_timer_rejects_every_call,
    a_kling_error_is_an_error,
}

cases! { company:
    two_copies_on_one_page,
    a_fetch_that_the_site_has_wrapped,
    a_request_that_was_never_sent_is_reported_as_such,
}

cases! { search:
    each_spelling_of_the_key_is_found,
    the_key_is_found_in_each_place_of_a_page,
    the_key_is_found_in_every_value_from_a_client,
    the_key_is_found_in_everything_from_workers,
    the_key_is_found_in_each_place_of_a_request,
}

cases! { wire:
    cut_submissions_are_charged_once,
    cut_waits_and_downloads_succeed,
}

cases! { wrappers:
    each_usual_wrapper_of_fetch_sees_what_it_expects,
    each_usual_form_of_a_response_is_read,
    a_wrapper_that_fails_during_the_paid_request_leaves_the_outcome_unknown,
}

cases! { closing:
    a_closed_client_names_the_submission_of_unknown_outcome,
    an_aborted_call_leaves_an_unknown_record_with_its_id,
    before_the_paid_request_nothing_is_unknown,
}

cases! { database:
    a_connection_that_died_is_opened_again,
    a_transaction_that_is_lost_is_an_error_and_the_next_call_works,
    a_database_that_does_not_answer_is_an_error_and_nothing_is_sent,
    a_task_is_followed_without_a_record,
    a_database_that_opens_late_is_closed_and_the_next_call_works,
}

cases! { identity:
    requests_are_joined_only_if_their_files_have_the_same_bytes,
    each_of_several_calls_gets_the_video_of_its_own_file,
    a_call_that_is_aborted_while_files_are_compared_ends_at_once,
}

cases! { early:
    a_signal_and_close_end_each_call_that_hangs,
    a_timeout_counts_from_the_call_when_it_hangs,
    a_timeout_that_is_refused_ends_no_call_while_the_module_loads,
    a_source_that_never_arrives_is_an_error_in_the_end,
    a_request_of_the_caller_keeps_its_signal,
    calls_without_a_client_obey_their_signal_while_the_module_loads,
    a_file_that_stalls_or_is_cut_is_replaced_by_the_inline_copy,
    a_source_of_the_caller_does_not_wait_for_a_load_that_hangs,
    a_broken_module_is_not_called_an_old_browser,
}

cases! { features:
    everything_works_without_each_feature,
    everything_works_without_all_of_them,
    an_abort_without_a_reason_is_an_abort_error_also_while_the_module_loads,
}

cases! { webkit:
    a_lost_network_is_recognised_in_the_words_of_each_engine,
    no_canvas_is_larger_than_a_phone_allows,
    a_request_that_the_browser_aborts_by_itself_is_no_abort_of_the_caller,
}

cases! { memory:
    memory_is_flat_while_200_tasks_are_polled_many_thousand_times,
    the_javascript_heap_is_flat_over_a_day_of_polls,
    nothing_is_left_of_calls_that_ended_early,
}

cases! { places:
    the_error_names_the_place_and_the_line_that_helps,
    where_webassembly_is_forbidden_nothing_is_fetched,
    a_sandboxed_frame_can_use_the_entry_with_the_module_inside,
}

cases! { named:
    each_error_of_a_call_about_a_task_names_it,
    the_reason_of_an_abort_is_never_written_to,
    a_watch_rejects_if_it_is_ended_while_the_body_of_its_loop_runs,
    a_file_that_never_answers_is_unreadable,
    a_response_without_a_stream_is_read,
    a_null_among_the_records_stops_nothing,
    a_request_that_throws_when_it_is_read_is_an_invalid_option,
    a_refusal_that_suggests_a_task_is_looked_up,
}

cases! { reads:
    a_file_is_encoded_by_one_read_of_each_slice,
    headers_are_read_together_and_few_bytes_of_each,
    reads_under_way_are_dropped_when_one_fails,
}
