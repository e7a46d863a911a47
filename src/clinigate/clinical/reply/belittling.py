"""Wordings that play down what somebody feels, and that blame or shame them for it."""

from __future__ import annotations

from clinigate.clinical.reply.reading import phrases

__all__ = ["JUDGES", "MINIMISES"]

MINIMISES = phrases(
    r"(?:just|try to|simply|you need to|why don't you|you should)(?: just| simply| try to)? "
    r"(?:think positive\w*|be positive|stay positive|relax|cheer up|get over|snap out|calm down|"
    r"smile|stop worrying|be happy|move on|forget about|let it go|not think about|look on the|"
    r"be grateful|toughen|man up|shake it off|pull yourself)",
    r"cheer up",
    r"(?:look|see)(?:ing)? (?:on|at) the bright side",
    r"(?:it|things|this|that|life) (?:could|might) (?:always )?be (?:so much |much |a lot |far "
    r")?worse",
    r"(?:others|other people|some people|people|plenty of people|so many people) (?:\w+ )?"
    r"(?:have|had|has|are|got)(?: \w+){0,3} worse(?: off)?",
    r"at least you(?:'re| are|'ve| have| still| got)",
    r"(?:everything|it|things|you|it all)(?:'ll| will| is going to|'s going to|'re going to| are "
    r"going to) (?:all )?(?:be|turn out|work out)(?: just| all)? (?:fine|ok|okay|alright|all right|"
    r"better tomorrow|better soon)",
    r"(?:you're|you are) (?:just )?(?:overreacting|exaggerating|being (?:too |so |over-?)?"
    r"(?:dramatic|sensitive|emotional|negative|silly)|too sensitive|overthinking)",
    r"(?:no|(?:not|isn't) (?:such )?a) big deal",
    r"(?:not|isn't) (?:really |all )?(?:that|so) (?:bad|serious)",
    r"(?:not|isn't) the end of the world",
    r"nothing to worry about",
    r"(?:don't|do not) (?:be sad|be so|feel (?:sad|like that|that way|this way)|worry about (?:it|"
    r"that)|worry so much|think (?:like that|that way)|say (?:that|such|things)|cry|talk like)",
    r"(?:everyone|everybody|we all|all of us) (?:feels?|gets?|goes? through|has|have|is|are)"
    r"(?: \w+){0,3} (?:that|this|sometimes|days|down|sad|lonely|stressed)",
    r"(?:all|just|only) in your (?:own )?head",
    r"(?:get|you'll be|you will be|be) over (?:it|this|him|her|them)",
    r"(?:it|this)(?:'s| is) (?:just|only|probably just|merely|nothing but) (?:a |the |your )?"
    r"(?:phase|stress|hormones|bad day|bad mood|feeling|tiredness|attention)",
    r"(?:so much|everything|a lot|plenty) to (?:live for|be grateful for|be thankful for|be happy "
    r"about|look forward to)",
    r"(?:time heals|chin up|man up|toughen up|lighten up|suck it up|count your blessings)",
    r"(?:i'm sure|surely|i bet) you(?: \w+)? (?:don't|didn't|do not|did not) (?:\w+ )?mean",
    r"can't be (?:all )?(?:that|so) bad",
    r"(?:don't|do not) be (?:silly|dramatic|ridiculous|stupid|negative|such a)",
    r"stop (?:being (?:so |such )?(?:a )?(?:dramatic|silly|negative|sad|ridiculous|sensitive|"
    r"emotional|difficult|drama)|crying|whining|complaining|moaning|feeling sorry for yourself)",
    r"you(?:'ll| will) (?:feel|be) (?:much |a lot |all )?better (?:tomorrow|soon|in the morning|in "
    r"no time)",
    r"^\W*(?:please |now |just |hey,? |ok(?:ay)?,? )*(?:calm down|smile|pull yourself together|get "
    r"over yourself|relax)[.! ]*$",
    r"just (?:breathe|sleep|rest|smile) and (?:relax|forget|move on)",
    r"^\W*(?:(?:but|oh|surely|come on|i know|i'm sure),? )*you (?:don't|do not) "
    r"(?:really|actually) (?:want to (?:die|kill|end|hurt|harm|do (?:it|that))|"
    r"mean (?:it|that)|feel that)",
    r"you(?:'re| are) not (?:really|actually|even) (?:suicidal|depressed|in (?:danger|pain|"
    r"crisis))",
    r"(?:with|have|has) real problems",
    r"let's (?:change the (?:subject|topic)|(?:talk|chat|think) about something (?:else|more|\w+er|"
    r"nice|fun|positive))",
    r"this too shall pass|happiness is a choice|snap out of it|get a grip",
)
JUDGES = phrases(
    r"(?:should|ought to) (?:be|feel) (?:\w+ )?(?:ashamed|guilty|embarrassed)",
    r"shame on you",
    r"(?:that|this|it|which|what you\w* \w+|suicide|killing yourself|giving up)(?:'s| is| was| "
    r"would be) (?:(?!not )\w+ )?(?:selfish|stupid|weak|cowardly|pathetic|silly|foolish|"
    r"ridiculous|irresponsible|"
    r"immature|sinful|disgusting|wrong of you|attention[- ]seeking|your (?:own )?fault|"
    r"a sin|a cop-?out|(?:a |the )coward\w*)",
    r"(?:you're|you are|you were)(?: being)?(?: just| so| very| too| a| an| really)* (?:selfish|"
    r"stupid|weak|cowardly|coward|pathetic|lazy|foolish|ridiculous|irresponsible|immature|crazy|"
    r"ungrateful|attention[- ]seek\w+|to blame|a burden|the problem|bad (?:person|parent|mother|"
    r"father|mum|mom))",
    r"you (?:should have (?:known|told|done|been|thought|left|gone|\w+ed)|should(?:n't| not) have|"
    r"had no right)",
    r"how could you",
    r"what (?:is|'s) wrong with you",
    r"you (?:brought|did) this (?:on|to) yourself",
    r"(?:only )?(?:have )?yourself to blame",
    r"(?:normal|strong|decent|good|sensible|mature) people (?:don't|do not|would never|wouldn't)",
    r"think (?:about|of) what (?:this|that|it) (?:would|will|does|is going to) do to",
    r"people like you",
    r"(?:looking for|want(?:ing)?|seeking|after|crave) (?:some |more )?attention",
    r"^\W*(?:just |but |please )*think (?:about|of) your (?:family|kids|children|parents|mother|"
    r"father|mum|mom|dad|wife|husband|friends)(?: and (?:your )?\w+)?[.! ]*$",
    r"(?:you're|you are) (?:just )?(?:lying|faking|making (?:it|this|that) up|a liar|wasting my "
    r"time)",
    r"i (?:don't|do not) believe you[.! ]*$",
    r"(?:it's|it is|that's) your (?:own )?fault",
)
