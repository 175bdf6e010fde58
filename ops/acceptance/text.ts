/** Languages of a report. */
export const LANGUAGES = ["en", "ru"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text in every language of a report. */
export type Text = Readonly<Record<Language, string>>;

export const say = (en: string, ru: string): Text => ({ en, ru });

/** A name, a number, an output: the same in every language. */
export const same = (text: string): Text => ({ en: text, ru: text });
