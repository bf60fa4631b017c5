//! A Markdown document as HTML, with the same ids of headings as on GitHub.

use std::collections::BTreeMap;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, html};

use super::markup::{escaped, unescaped};

/// What stands before a diagram: the site shows its source, because drawing it takes a script of another host.
const DIAGRAM: &str = "<p class=\"caption\">A diagram, in the language of Mermaid:</p>\n";

/// A rendered document.
pub(super) struct Rendered {
    /// The text of its first heading.
    pub(super) title: Option<String>,
    /// The content of its `main` element.
    pub(super) html: String,
}

/// Renders a document. `link` returns what a link or an image leads to on the site.
pub(super) fn render(markdown: &str, link: &mut dyn FnMut(&str) -> String) -> Rendered {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut events: Vec<Event<'_>> = Vec::new();
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = link(&dest_url).into();
                events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let dest_url = link(&dest_url).into();
                events.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
            }
            Event::Html(html) => events.push(Event::Html(with_links(&html, link).into())),
            Event::InlineHtml(html) => events.push(Event::InlineHtml(with_links(&html, link).into())),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                if &*language == "mermaid" {
                    events.push(Event::Html(DIAGRAM.into()));
                }
                events.push(Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))));
            }
            other => events.push(other),
        }
    }
    let title = name_headings(&mut events);
    let mut rendered = String::new();
    html::push_html(&mut rendered, events.into_iter());
    // What may be too wide for the window scrolls by itself, also by the keyboard.
    let html = rendered
        .replace("<pre><code", "<pre tabindex=\"0\"><code")
        .replace("<table>", "<div class=\"table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>")
        .replace("</table>", "</table></div>")
        // An empty header names no column.
        .replace("<th></th>", "<td></td>")
        // The policy forbids styles in attributes.
        .replace(" style=\"text-align: ", " class=\"align-");
    Rendered { title, html }
}

/// Gives each heading an id; returns the text of the first one.
fn name_headings(events: &mut [Event<'_>]) -> Option<String> {
    let mut title = None;
    let mut used: BTreeMap<String, u32> = BTreeMap::new();
    for start in 0..events.len() {
        let (before, after) = events.split_at_mut(start + 1);
        let Some(Event::Start(Tag::Heading { id, .. })) = before.last_mut() else { continue };
        let inside = after.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
        let text: String = inside
            .filter_map(|event| match event {
                Event::Text(text) | Event::Code(text) => Some(&**text),
                _ => None,
            })
            .collect();
        let slug = slug(&text);
        let count = used.entry(slug.clone()).or_default();
        *id = Some(if *count == 0 { slug } else { format!("{slug}-{count}") }.into());
        *count += 1;
        title.get_or_insert(text);
    }
    title
}

/// The id that GitHub gives a heading.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase()
}

/// The same HTML with other targets of its links and images.
fn with_links(html: &str, link: &mut dyn FnMut(&str) -> String) -> String {
    let (mut changed, mut rest) = (String::new(), html);
    let names = [" src=\"", " srcset=\"", " href=\""];
    while let Some(at) = names.iter().filter_map(|name| Some(rest.find(name)? + name.len())).min() {
        let (before, value) = rest.split_at(at);
        let (value, after) = value.split_once('"').unwrap_or((value, ""));
        changed.push_str(before);
        changed.push_str(&escaped(&link(&unescaped(value))));
        changed.push('"');
        rest = after;
    }
    changed + rest
}

#[cfg(test)]
mod tests {
    use super::{render, slug};

    #[test]
    fn headings_have_the_ids_of_github() {
        for (heading, expected) in [
            ("The request", "the-request"),
            ("What if it's lost?", "what-if-its-lost"),
            ("`submit` and wait", "submit-and-wait"),
            ("A/B, C & D", "ab-c--d"),
            ("under_score – dash", "under_score--dash"),
            ("Größe in px", "größe-in-px"),
        ] {
            assert_eq!(slug(&heading.replace('`', "")), expected);
        }
        let twice = render("# One `two`\n\n## Same\n\n## Same\n", &mut str::to_owned);
        assert_eq!(twice.title.as_deref(), Some("One two"));
        for id in ["id=\"one-two\"", "id=\"same\"", "id=\"same-1\""] {
            assert!(twice.html.contains(id), "{}", twice.html);
        }
    }

    #[test]
    fn tables_and_code_are_read_by_everyone() {
        for (markdown, expected) in [
            ("| a | |\n|---|---|\n| b | c |", "<th>a</th><td></td>"),
            ("| a |\n|--:|\n| b |", "<td class=\"align-right\">b</td>"),
            ("| a |\n|:-:|\n| b |", "<th class=\"align-center\">a</th>"),
            ("| a |\n|---|\n| b |", "<div class=\"table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>"),
            ("```js\na\n```", "<pre tabindex=\"0\"><code class=\"language-js\">a"),
            (
                "```mermaid\nflowchart LR\n```",
                "Mermaid:</p>\n<pre tabindex=\"0\"><code class=\"language-mermaid\">flowchart",
            ),
        ] {
            let html = render(markdown, &mut str::to_owned).html;
            assert!(html.contains(expected), "{html}");
        }
    }

    #[test]
    fn every_kind_of_link_is_changed() {
        for (markdown, expected) in [
            ("[a](b.md#c)", "<a href=\"new/b.md#c\">"),
            ("![a](b.png)", "<img src=\"new/b.png\""),
            ("[a]\n\n[a]: b.md", "<a href=\"new/b.md\">"),
            ("<picture><source srcset=\"b.png\"></picture>", "srcset=\"new/b.png\""),
            (
                "<p>\n<img alt=\"\" src=\"b.png\"> <a href=\"c.md\">x</a>\n</p>",
                "src=\"new/b.png\"> <a href=\"new/c.md\"",
            ),
            ("| a |\n|---|\n| [b](c.md) |", "<td><a href=\"new/c.md\">"),
        ] {
            let html = render(markdown, &mut |target| format!("new/{target}")).html;
            assert!(html.contains(expected), "{html}");
        }
    }
}
