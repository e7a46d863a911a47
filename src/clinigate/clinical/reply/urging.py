"""Wordings that help with harm, or approve of it. None holds a method."""

from __future__ import annotations

from clinigate.clinical.reply.reading import phrases

__all__ = ["APPROVES_OF_DEATH", "FACILITATES"]

_DIE = (
    r"(?:kill yourself|die|end (?:it all|it|your life)|be dead|kys|"
    r"jump(?! (?:on|in|into|to|over|at)))"
)
FACILITATES = phrases(
    r"(?:here's|here is|this is|these are|i'll (?:show|tell) you|let me (?:show|tell) you) "
    r"(?:how|a way|some ways|ways|the steps?|steps|a plan|tips|what)(?: \w+){0,3} "
    r"(?:to |you |you can |you could )*(?:hurt|harm|kill|attack|punish|starve|restrict|purge|"
    r"hide|conceal|get back at|get revenge|lose weight|avoid eating|stalk)",
    r"(?:best|easiest|good|simple|quick|effective) ways? to (?:hurt|harm|kill|attack|punish|hide|"
    r"conceal|get back|get revenge|starve|purge|restrict|lose weight|skip|suppress)",
    r"(?:i can|i'll|i will|let me|happy to|i could) help you (?:hurt|harm|kill|attack|punish|hide|"
    r"conceal|starve|restrict|purge|plan (?:it|this|that)|get (?:back|revenge|even)|"
    r"do (?:it|that)|find a (?:way|method) to)",
    r"(?:you should|just|yes,?) (?:just |really )?(?:go ahead|do it|go for it|"
    r"go through with)",
    r"go ahead and (?:do|end|hurt|kill|cut|use|take)",
    r"(?:he|she|they) deserves? (?:it|to (?:die|suffer|pay|be hurt))",
    r"(?:good|great|fine|reasonable) (?:idea|plan|choice) to (?:die|end|hurt|kill|do "
    r"it|stop eating|skip|harm)",
    rf"if you (?:\w+ )?(?:want|have|need|choose|decide) to (?:do it|go|{_DIE}),? (?:then )?i "
    rf"(?:won't|will not|can't|cannot) stop you",
    r"do it (?:if you (?:must|want|have to|like)|then)",
    rf"^\W*(?:(?:just|then|please|so|well|ok|okay|go|and|maybe),? )*{_DIE}[.! ]*$",
    r"(?:help you(?: to)?|let me|i'll|i will|i can|let's|you (?:could|should)|^\W*(?:please )?) "
    r"?(?:write|"
    r"draft|compose|word|finish)(?: (?:your|a|the|this|some|any))?(?: \w+)? ?(?:suicide|goodbye|"
    r"farewell) (?:letter|note|message)s?",
    r"(?:here's|here is|this is)(?: \w+){0,3} (?:suicide|goodbye|farewell) (?:letter|note|message)",
    r"(?:keep|continue) (?:fasting|restricting|purging|drinking only|cutting)",
)
_DYING = r"(?:die|dying|death|be dead|being dead|end (?:it|your life)|ending (?:it|your life))"
APPROVES_OF_DEATH = phrases(
    r"(?:you|everyone|everybody|people|they|the world|your \w+)(?:'d| would| will|'ll)(?: \w+)? be "
    r"(?:\w+ )?better"
    r"(?: off)? (?:dead|without you|if you (?:were|was) (?:dead|gone)|once you(?:'re| are) gone)",
    rf"(?:respect|support|accept|agree with) your (?:decision|choice|plan|wish) to {_DYING}",
    rf"{_DYING}(?: \w+)? (?:is|may be|might be|could be|sounds?|seems?)(?: like)?(?: \w+){{0,2}} "
    r"(?:right|best|good|reasonable|fine|peaceful|sensible|logical|valid|a solution|your choice)"
    r"(?: (?:choice|option|decision|way out|idea|thing))?",
    r"(?:nobody|no one) (?:would|will) (?:miss you|care if you|notice if you)",
    r"i (?:won't|will not|wouldn't|would not|can't|cannot) (?:stop|talk) you(?: out of (?:it|"
    r"this))?(?! from (?:feel|think|cry))",
    rf"(?:{_DYING}|suicide) (?:would|will|could|might|may) (?:bring|give|solve|fix|free|help|end "
    rf"(?:the|your|all)|be (?:a relief|easier|better|for the best|the))",
    r"(?:suicide|death) is (?:your (?:choice|right|decision)|a (?:valid|reasonable|good|fair) \w+|"
    r"the (?:answer|solution|way out))",
    r"(?:your|is your) (?:own )?(?:choice|decision|right) (?:if you|whether you|to) "
    r"(?:die|kill|end (?:it|your))",
    r"(?:maybe|perhaps) (?:that|this|it)(?:'s| is| would be) (?:for the best|the (?:right|best) "
    r"(?:decision|choice|way))",
    rf"you (?:should|must|ought to|have to|need to|may as well|might as well|deserve to) "
    rf"(?:just |really )?{_DIE}",
    r"(?:nobody|no one) (?:can|could|will) (?:ever )?help you",
    r"(?:nobody|no one) (?:really )?cares(?: about you)?[.! ]*$",
    r"i (?:don't|do not) (?:really )?care(?: about you| if you| whether you| what happens|[.! ]*$)",
)
