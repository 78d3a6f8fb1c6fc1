/* <why-this explanation="ID" token="TOKEN" lang="en"></why-this>
 *
 * A button on a shop's page that opens why something was recommended. The token comes from the shop's server
 * (POST /v1/explanations/ID/embed-token), which has an API key; a page never does.
 *
 * Style it through its parts (button, panel, title, sentence, error, label, mark, heading, behaviours, behaviour,
 * behaviour-title, behaviour-note, not-shown, feedback, question, helpful, wrong, thanks) and the --why-this-… properties below.
 * Light or dark follows the page's own color-scheme; theme="light" or theme="dark" says it outright.
 * Fires "why-this" when it opens; detail.explanation is the id. All data becomes text, never markup.
 */
(() => {
  "use strict";
  if (customElements.get("why-this")) return;

  const SERVICE = document.currentScript ? document.currentScript.src : location.href;
  const PATIENCE_MS = 15000;
  const WORDS = {
    en: {
      button: "Why this?", title: "Why you see this", wait: "One moment …", basis: "Based on what you did",
      question: "Does this help?", helpful: "Helpful", wrong: "It’s wrong", thanks: "Thank you for telling us.",
      old: "Reload the page to see this.", gone: "This explanation is no longer available.",
      trouble: "This can’t be shown right now. Please try again later.",
    },
    zh: {
      button: "为什么推荐？", title: "推荐理由", wait: "请稍候……", basis: "依据您的这些记录",
      question: "这条说明有帮助吗？", helpful: "有帮助", wrong: "有误", thanks: "谢谢您的反馈。",
      old: "请刷新页面后再查看。", gone: "这条说明已不可用。",
      trouble: "暂时无法显示，请稍后再试。",
    },
  };

  const STYLE = new CSSStyleSheet();
  STYLE.replaceSync(`
    :host {
      --_ink: var(--why-this-ink, light-dark(#1d2321, #e9ecea));
      --_soft: var(--why-this-soft, light-dark(#56605d, #a9b4b1));
      --_surface: var(--why-this-surface, light-dark(#fff, #1d2326));
      --_line: var(--why-this-line, light-dark(#d8d4ca, #3a4448));
      --_accent: var(--why-this-accent, light-dark(#1f5f5b, #6cc4b8));
      --_radius: var(--why-this-radius, .7rem);
      display: block; text-align: start; text-transform: none; letter-spacing: normal; white-space: normal;
      line-height: 1.45; overflow-wrap: anywhere;
    }
    :host([theme="light"]) { color-scheme: light; }
    :host([theme="dark"]) { color-scheme: dark; }
    :host([hidden]), [hidden] { display: none !important; }
    * { box-sizing: border-box; }
    p, ul { margin: 0; padding: 0; list-style: none; }
    button {
      font: inherit; font-size: .9em; min-height: 2.2em; padding: .25em .8em; cursor: pointer; color: var(--_accent);
      background: none; border: 1px solid currentColor; border-radius: calc(var(--_radius) / 1.4);
    }
    button:hover { text-decoration: underline; text-underline-offset: .2em; }
    button:focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; }
    button[aria-pressed="true"] { color: var(--_surface); background: var(--_accent); border-color: var(--_accent); }
    .panel {
      display: grid; gap: .75em; margin-top: .5em; max-width: 34rem; padding: .9em 1em; color: var(--_ink); background: var(--_surface);
      border: 1px solid var(--_line); border-radius: var(--_radius);
    }
    .title, .heading { font-size: .82em; font-weight: 600; color: var(--_soft); }
    .sentence { font-size: 1.05em; }
    .label, .note, .unshown, .question, .thanks { font-size: .85em; color: var(--_soft); }
    .mark {
      font-size: .85em; font-weight: 700; color: var(--_accent); border: 1px solid currentColor; border-radius: .3em;
      padding: 0 .35em; margin-inline-end: .5em;
    }
    .behaviours { display: grid; gap: .45em; margin-top: .3em; }
    .behaviour { border-inline-start: 3px solid var(--_accent); padding-inline-start: .7em; }
    .name { display: block; font-weight: 600; }
    .feedback { display: flex; flex-wrap: wrap; gap: .5em .6em; align-items: center; padding-top: .7em;
      border-top: 1px solid var(--_line); }
    .question, .thanks { flex-basis: 100%; } .thanks:empty { display: none; }
  `);

  const make = (tag, names, part, ...children) => {
    const made = document.createElement(tag);
    if (names) made.className = names;
    if (part) made.setAttribute("part", part);
    made.append(...children); // nodes, or strings, which become text
    return made;
  };
  const set = (node, attributes) => Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));

  class WhyThis extends HTMLElement {
    static observedAttributes = ["explanation", "token", "lang"];
    #said = null; // what the service answered
    #asking = 0; // counts questions, so that an answer to an earlier one is not shown
    #sending = false;
    #button = make("button", "", "button");
    #title = make("p", "title", "title");
    #sentence = make("p", "sentence", "sentence");
    #label = make("p", "label", "label");
    #heading = make("p", "heading", "heading");
    #list = make("ul", "behaviours", "behaviours");
    #basis = make("div", "", "", this.#heading, this.#list);
    #unshown = make("p", "unshown", "not-shown");
    #question = make("span", "question", "question");
    #helpful = make("button", "", "helpful");
    #wrong = make("button", "", "wrong");
    #thanks = make("p", "thanks", "thanks");
    #feedback = make("div", "feedback", "feedback", this.#question, this.#helpful, this.#wrong, this.#thanks);
    #panel = make("div", "panel", "panel", this.#title, this.#sentence, this.#label, this.#basis, this.#unshown,
      this.#feedback);

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [STYLE];
      set(this.#panel, { id: "panel", role: "region", "aria-labelledby": "title" });
      set(this.#title, { id: "title" });
      set(this.#heading, { id: "heading" });
      set(this.#list, { role: "list", "aria-labelledby": "heading" }); // without bullets, Safari forgets that it is one
      set(this.#question, { id: "question" });
      set(this.#feedback, { role: "group", "aria-labelledby": "question" });
      set(this.#button, { "aria-controls": "panel", "aria-expanded": "false" });
      for (const told of [this.#sentence, this.#thanks]) set(told, { role: "status" });
      this.#panel.hidden = true;
      for (const button of [this.#button, this.#helpful, this.#wrong]) button.type = "button";
      this.#button.addEventListener("click", () => (this.#panel.hidden ? this.open() : this.close()));
      this.#helpful.addEventListener("click", () => this.#judge("helpful", this.#helpful));
      this.#wrong.addEventListener("click", () => this.#judge("wrong", this.#wrong));
      root.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || this.#panel.hidden) return;
        event.stopPropagation(); // a dialog around us stays open
        this.close();
        this.#button.focus();
      });
      root.append(this.#button, this.#panel);
    }

    connectedCallback() { this.#name(); }

    attributeChangedCallback(_, before, after) {
      if (before === after) return;
      this.#said = null;
      this.#name();
      if (!this.#panel.hidden) this.#load();
    }

    open() {
      if (!this.#panel.hidden) return;
      this.#panel.hidden = false;
      set(this.#button, { "aria-expanded": "true" });
      const detail = { explanation: this.getAttribute("explanation") };
      this.dispatchEvent(new CustomEvent("why-this", { bubbles: true, composed: true, detail }));
      if (this.#said) this.#show(); else this.#load();
    }

    close() {
      this.#panel.hidden = true;
      set(this.#button, { "aria-expanded": "false" });
    }

    get #lang() { return (this.closest("[lang]")?.lang || "en").toLowerCase().startsWith("zh") ? "zh" : "en"; }
    get #words() { return WORDS[this.#lang]; }

    #name() {
      const words = this.#words;
      this.shadowRoot.querySelectorAll("button, .panel").forEach((one) => { one.lang = this.#lang; });
      this.#button.textContent = words.button;
      this.#title.textContent = words.title;
      this.#heading.textContent = words.basis;
      this.#question.textContent = words.question;
      this.#helpful.textContent = words.helpful;
      this.#wrong.textContent = words.wrong;
    }

    /* Say one thing in place of everything: it is a live region, so it is set once the panel is there. */
    #tell(text, part, lang) {
      for (const other of [this.#label, this.#basis, this.#unshown, this.#feedback]) other.hidden = true;
      this.#sentence.textContent = "";
      set(this.#sentence, { part });
      this.#sentence.lang = lang || this.#lang;
      requestAnimationFrame(() => { this.#sentence.textContent = text; });
    }

    async #ask(path, options) {
      const id = encodeURIComponent(this.getAttribute("explanation") || "-");
      const answer = await fetch(new URL(`embed/explanations/${id}${path}`, SERVICE), {
        ...options, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS),
        headers: { Authorization: `Embed ${this.getAttribute("token") || ""}`, ...options.headers },
      });
      if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
      return answer.json();
    }

    #calmly(error) { return this.#words[{ 401: "old", 404: "gone" }[error.status] || "trouble"]; }

    async #load() {
      const asked = ++this.#asking;
      this.#tell(this.#words.wait, "sentence");
      try {
        const said = await this.#ask(`?lang=${this.#lang}`, {});
        if (asked !== this.#asking) return;
        this.#said = said;
        this.#thanks.textContent = "";
        this.#press(null);
        this.#show();
      } catch (error) {
        if (asked === this.#asking) this.#tell(this.#calmly(error), "error");
      }
    }

    #show() {
      const { sentence, sentence_locale: lang, source, label, behaviours, not_shown: unshown = "" } = this.#said;
      if (sentence === null) return this.#tell(label, "sentence");
      this.#tell(sentence, "sentence", lang);
      const mark = make("span", "mark", "mark", "AI");
      set(mark, { "aria-hidden": "true" }); // the words beside it say the same
      this.#label.replaceChildren(...(source === "model" ? [mark] : []), label);
      this.#list.replaceChildren(...behaviours.map(({ title, did, when }) => make("li", "behaviour", "behaviour",
        make("bdi", "name", "behaviour-title", title),
        make("span", "note", "behaviour-note", [did, when].filter(Boolean).join(" · ")))));
      this.#label.hidden = this.#feedback.hidden = false;
      this.#basis.hidden = behaviours.length === 0;
      this.#unshown.textContent = unshown;
      this.#unshown.hidden = !unshown;
    }

    #press(pressed) {
      for (const button of [this.#helpful, this.#wrong]) set(button, { "aria-pressed": String(button === pressed) });
    }

    async #judge(kind, pressed) {
      if (this.#sending) return;
      this.#sending = true;
      try {
        await this.#ask("/feedback", {
          method: "POST", body: JSON.stringify({ kind }), headers: { "Content-Type": "application/json" },
        });
        this.#press(pressed);
        this.#thanks.textContent = this.#words.thanks;
      } catch (error) {
        this.#thanks.textContent = this.#calmly(error);
      } finally {
        this.#sending = false;
      }
    }
  }

  customElements.define("why-this", WhyThis);
})();
