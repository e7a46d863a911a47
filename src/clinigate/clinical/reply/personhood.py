"""Wordings in which a reply passes for a person, or says that it is no program."""

from __future__ import annotations

from clinigate.clinical.reply.reading import phrases

__all__ = ["CLAIMS_HUMAN"]

_CARER = (
    r"(?:therapist|counsell?or|psychologist|psychiatrist|doctor|physician|nurse|social worker|"
    r"clinician|paramedic|psychotherapist)"
)
_OWN_LIFE = (
    r"(?:wife|husband|partner|kids?|children|son|daughter|mum|mom|mother|father|dad|brother|"
    r"sister|childhood|therapist|divorce|marriage|depression|anxiety|"
    r"own (?:life|experience|struggles?|pain|journey|recovery))"
)
CLAIMS_HUMAN = phrases(
    r"(?:i'm|i am) (?:(?:also|only|just|actually|really|still|indeed|a|an|your|the|licensed|crisis|"
    r"qualified|trained|certified|real|fellow|experienced|human) )*"
    r"(?:human|person|people|therapist|counsell?or|psychologist|psychiatrist|doctor|physician|"
    r"nurse|social worker|clinician|man|woman|parent|mother|father|survivor|veteran)",
    r"as (?:a|your|an) (?:\w+ )?(?:human|person|therapist|counsell?or|psychologist|psychiatrist|"
    r"doctor|nurse|clinician|parent|mother|father|survivor|veteran),? (?:myself|i|too)",
    r"when i was (?:a |in |your|young|little|growing|depressed|suicidal|at |going|struggling|\d)",
    rf"my (?:own )?{_OWN_LIFE}",
    r"i(?:'ve| have) been (?:there|where you|through (?:this|that|it|the same|something))",
    r"(?:i|as someone who|like someone who) (?:went|lived|got|came|has been|has gone) through "
    r"(?:this|that|it|the same|something)",
    r"(?:happened|same thing happened) to me",
    r"i (?:felt|used to feel|have felt|'ve felt) (?:the same|like that|this way|that way|exactly)",
    r"(?:i'm|i am) (?:not|no) (?:actually |really )?(?:an? )?(?:ai|a\.i|bot|chat-?bot|robot|"
    r"machine|"
    r"computer|program|software)(?! (?:that|who|which|\w*therap\w*|doctor|clinician|expert))",
    r"(?:i'm|i am) real(?! (?:sorry|sad|glad|worried|proud))",
    rf"(?:i'm|i am|my name is|this is) (?!not |no |never )\w+,? (?:and i(?:'m| am)|and i work as|a|"
    rf"an|your) (?!ai |virtual |digital |automated )(?:\w+ )?{_CARER}",
    rf"i(?:'ve| have)? (?:work|worked|been working|practi[cs]ed?) as (?:a|an) (?:\w+ )?{_CARER}",
    rf"speaking as (?:a|an|your) (?:\w+ )?(?:human|person|{_CARER})",
    r"(?:there's|there is) (?:really )?an? (?:real |actual |live )?(?:human|person) (?:behind|"
    r"reading|writing|typing|on this (?:side|end))",
    r"an? (?:real |actual |live )?(?:human|person) is (?:reading|writing|typing|behind) (?:this|"
    r"here|to you|your)",
    r"^\W*(?:(?:yes|no|of course|sure|don't worry|trust me|right now),? )*you(?:'re| are) "
    r"(?:really )?"
    r"(?:talking|speaking|chatting|writing) (?:to|with) an? (?:real |actual |live )?(?:human|"
    r"person)",
)
