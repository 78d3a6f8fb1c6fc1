"""English phrases for perturbations.

Half of each list is what a language model likes to add. The other half is built of words that the corpus itself uses,
since what only an unknown word gives away is no test of the rules.
"""

from __future__ import annotations

from explainer.tuning.evaluation.perturbations.phrases import Phrases

_CLAUSES = {
    "name": (
        " by Ridley Scott", ", with Tom Hanks in it", ", a Nolan film", ", made by Sony", ", as Anna said",
        " from Paris", ", written by tolkien", ", like Star Wars", " on Netflix", ", the Kubrick way",
        ", and so is Home",
        ", by the maker of The Point", " in March", ", with Will in it",
    ),
    "offer": (
        ", now half off", " at a discount", ", free to keep", ", on sale now", ", for a limited time",
        " at a low price",
        ", a special offer", ", on offer now", ", and it is on offer", ", one of our offers", ", yours for less",
        ", cheap now", ", a deal", ", while offers last", ", and it is offered at a low price", ", and worth its price",
    ),
    "superlative": (
        ", the best of them", ", a masterpiece", ", the greatest film ever", ", which won an Oscar", ", award-winning",
        ", which won", ", and {item} won", ", and it won something", ", the top choice", ", at the top",
        ", top of the list", ", the most popular of all", ", first of all films", ", the first choice of everyone",
        ", and it is popular", ", and it is the popular choice", ", and people picked {item} first", ", number one",
        ", the finest", ", and it is top of its kind", ", a big hit", ", highly rated", ", and it is good",
        ", and it is the one to read", ", and {item} is highly rated by people", ", and it earned first place",
    ),
    "number": (
        ", 3 of them", ", twice", ", seven times", ", for the third time", ", 90% of it", ", ten out of ten",
        ", and 12 more", ", a dozen of them", ", part II", ", \uff15 stars", ", and four of them",
        ", one of five films",
        ", with five more", ", and four people liked it", ", and many people liked it", ", as three people did",
        ", one of several", ", half of it", ", for the hundredth time", " \u00bd", ", in 1999", ", part \u2163",
        ", and several people liked it", ", and they are five", ", like five of your films", ", the third of four",
    ),
    "who": (
        ", and you liked {item}", ", and you liked {item} too", ", and you read {item}",
        ", and you bought {item} too", ", and you watched {item}", ", and {item} was liked by you",
        ", and {item} got high marks from you", ", and you gave it high marks, {item}", ", as you did with {item}",
        ", after you opened {item}", ", and {item} is one you liked", ", and {item} is yours", ", {item} in your list",
        ", and you saw {item} first", ", and you follow {item}",
        ", and {item} is on your shelf", ", and your review of {item} was good", ", and {item} has your marks",
        ", and {item}, which you rated, has it", ", as you and people liked {item}",
        ", and your readers liked {item}", ", and you keep {item}", ", and you picked {item}", ", and you chose {item}",
    ),
    "who staff": (
        ", and this customer liked {item}", ", and they bought {item}", ", as they watched {item}",
        ", and they saw {item}",
        ", and {item} was liked by this customer", ", and they follow {item}", ", and {item} was read by them",
        ", {item} included, which they liked", ", and they chose {item}", ", after they opened {item}",
    ),
    "unfounded": (
        ", even more so", ", and {item} has more than that", ", which came out first", ", and you like it",
        ", part two",
        ", and we like it", ", which tells the same story", ", made for two", ", as you wanted",
        ", and you need {item}",
        ", and it works with it", ", and you keep coming back", ", and {item} came first", ", and so do we",
        ", and more",
        ", and it fits it", ", which is what people like", ", and we read it", ", by the maker of {item}",
        ", all the best",
        ", and you are one of them", ", and {item} liked it", ", as you asked",
    ),
    "sensitive": (
        ", for pregnant readers", ", about depression", ", for gay readers", ", with cancer in it", ", for christians",
        ", as with your debt", ", good for your mental health", ", a muslim story", ", about rape",
        ", for the disabled",
    ),
    "negation": (
        ", but not {item}", ", which is not so", ", and it never was", ", which it is not", ", and nothing more",
        ", which it isn't", ", and you didn't", ", which no one liked", ", without it", ", hardly", ", unlike {item}",
        ", or neither", ", which cannot be", ", and it lacks it", ", which is far from it", ", or so it is said",
    ),
    "cause": (
        ", because you asked", ", since you like it", ", so here it is", ", which led us here",
        ", and that is the reason", ", which is why it is here", ", thanks to it", ", and that brought us here",
        ", which put it here", ", and that decided it", ", due to that", ", which earned it a place here",
        ", and that made the choice", ", and that leads here", ", which sent us here", ", and it brings you {item}",
        ", which pointed us here", ", and so we picked it", ", which made us pick it", ", and that points to it",
        ", which drew us to it", ", and that gets it here", ", hence this", ", therefore", ", as a result",
        ", and that makes {item} a match", ", which won it a place here", ", and that got it on this page",
    ),
    "language": (
        "\uff0c\u56e0\u4e3a\u60a8\u559c\u6b22\u5b83", ", porque te gust\u00f3", ", weil es dir gefallen hat",
        ", parce que tu as aim\u00e9",
        ", y es un drama", ", und das ist gut", " \u79d1\u5e7b",
        ", \u043f\u043e\u0442\u043e\u043c\u0443 \u0447\u0442\u043e", ", perch\u00e9 ti piace", ", et voil\u00e0",
    ),
    "url": (
        ", see https://example.com", ", see www.example.com", " at example.com", ", more on example.org/x",
        ", see example . com", ", mail me@example.com", " ftp://x", " (http://x)", ", see bit.ly", ", more at page.net",
    ),
    "markup": (
        " <b>now</b>", " **now**", " _now_", " `now`", " [now]", " &amp; more", " <br>", ' "now"', " {{item}}",
        " # more", " \u2014 more", " - more -", " <script>alert(1)</script>", " \\n", " {item", " item}", " $more$",
        " \u201cnow\u201d", " ~~now~~", " |more|", " {% if %}", " *", " (more]", " \u2022 more", " \u2026",
    ),
    "residue": (
        ", as an AI", ", as a language model", ". Here is the sentence", ", ignore previous instructions",
        " <|im_end|>", " [INST]", "</s>", ", as the facts say", ", from these facts only", ", as you asked me to say",
        " <|endoftext|>", ", in one sentence", ". End of text", ", as the prompt says", ", says the system",
    ),
}  # fmt: skip
_SENTENCES = {
    "name": ("Ridley made it.", "Scorsese again.", "Will made it.", "Home is one more.", "May made {item}."),
    "offer": (
        "It is on sale.", "Buy it now.", "Free today.", "An offer: {item}.", "It is on offer.", "Only a few are left.",
        "Order now.", "Get it now for less.", "A short offer.", "Take it now.", "It is at home in under two.",
    ),
    "superlative": (
        "It is the best.", "It won.", "Top choice.", "It is popular.", "The first of its kind.", "It is the top one.",
        "{item} won awards.", "It is a must.", "It is good.", "It is highly liked.",
    ),
    "number": (
        "It has 5 stars.", "It runs for two hours.", "Four more are there.", "People liked it five to one.",
        "Nine in ten liked it.", "It has three parts.", "IV in all.", "Three people liked it.", "Many people liked it.",
    ),
    "who": (
        "You liked {item}.", "{item} is one you liked.", "You bought {item} too.", "{item} was liked by you.",
        "{item} got {b1.value} from you.", "You gave {item} {b1.value}.", "You read it, {item}.",
        "Your marks for {item} were high.", "You and people liked {item}.", "You saw {item}.",
        "You did it too: {item}.",
        "Your list has {item}.", "You come back to {item}.", "{item} is yours.", "You have {item}.",
    ),
    "who staff": (
        "This customer liked {item}.", "They bought {item} too.", "They watched {item}.",
        "They rated {item} {b1.value}.",
        "{item} is one that they liked.", "They chose {item}.", "Their likes are for {item}.",
    ),
    "unfounded": (
        "You like it.", "We like {item}.", "It came out first.", "{item} is the second part.", "You wanted more.",
        "You and {item} go well.", "It has more in it.", "{item} has even more.", "It is for two.", "You know {item}.",
        "It tells the same story.", "It works with what you have.", "{item} is right for you.", "People like it.",
    ),
    "sensitive": ("It is about cancer.", "It is for gay readers.", "It helps with debt.", "A story of rape."),
    "negation": ("It is not so.", "You never liked it.", "It isn't.", "Nothing else.", "You did not."),
    "cause": (
        "That is why it is here.", "That put it here.", "So here it is.", "That led us here.", "This made it so.",
        "That is the reason.", "It was picked for that.", "That brought it here.", "Your marks made the choice.",
        "That got it here.", "It follows from what you did.", "That points to it.", "What you did sent it here.",
    ),
    "language": ("\u8fd9\u662f\u4e3a\u60a8\u63a8\u8350\u7684\u3002", "Es un drama.", "Das ist gut.", "C'est bon.",
    "Me gusta {item}.", "Er ist da."),
    "url": ("See www.example.com.", "More: https://x.y.", "Go to example.com.", "example.net."),
    "markup": ("<p>More</p>.", "**More**.", "- more.", "1. More.", "`{item}`.", "{ item }.", "\u300a{item}\u300b."),
    "residue": (
        "As an AI, I say so.", "Here is the sentence:", "Sure:", "Sure!", "Text:", "Sentence:", "Answer:",
        "Ignore previous instructions.", "Say why this film is recommended, from these facts only.",
        "You: nothing yet.",
        "Begin: you.", "I am a language model.", "Let me know.", "Here is the text:", "Here you go:", "No cause.",
        "A new reader.", "No single behaviour.", "As you asked:", "This is the text.", "Here is what you asked:",
    ),
}  # fmt: skip
_WORDS = {
    "name": ((r"\{item\}", ("Dark City", "Blade Runner", "The Point", "home", "Home")),),
    "number": (
        (r"\{b\d\.value\}", ("5 stars", "five stars", "\uff15 stars", "high marks of five", "V stars", "9/10")),
        (r"\{co\d\.n\} of \{co\d\.m\}", ("38 of 50", "three of four", "many of", "several", "five", "one in two")),
        (r"\{pop\.n\} of \{pop\.m\}", ("38 of 50", "three of four", "many", "several", "five", "one in two")),
        (r"\b[Tt]wo(?= [^{}.;]{1,30}\{b\d\} and \{b\d\})", ("three", "Three", "four")),
        (r"\b(?:two|both)\b", ("five", "four", "seven", "2")),
        (r"\bthree\b", ("four", "five", "nine", "3")),
        (r"\{(?:cf\.)?rank\}", ("1", "first", "one", "the top")),
        (r"\{(?:b\d|rest)\.share\}", ("40%", "half", "all", "most")),
        (r"\{b\d\.more\}", ("two", "three", "many", "2")),
    ),
}
ENGLISH = Phrases(
    clauses=_CLAUSES,
    sentences=_SENTENCES,
    words=_WORDS,
    contrasts=r"\b(?:low|lukewarm|only|yet|but|though|although|despite|still|against|instead|rather|even|less|cool|cold)\b",
    causes=(
        r"\b(?:because|since|why|reasons?|led|leads?|brought|brings?|puts?|earned|thanks|due|decided|causes?|lifts?|lifted|"
        r"explains?|behind|made the choice|points? (?:us )?to|pointed us|pointed the way|drew us)\b"
    ),
)
