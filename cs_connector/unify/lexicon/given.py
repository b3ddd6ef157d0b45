"""Given names that people shorten → one word for all forms of a name. All in plain Latin letters."""

from __future__ import annotations

import re
from collections import Counter

_FORMS = """
aleksandr alexander alexandra aleksandra alexandre alejandro alejandra alessandro alex sascha sasha sandy xander lex sanja
alfred alfredo fred freddie alf
andrew andreas andrey andrei andy drew
anthony antonio antonia tony toni anton
barbara babs barb basia
benjamin ben benny
catherine katherine kathryn katharina katarzyna ekaterina yekaterina kate kathy cathy katie kat kasia katja katya
charles carlos karl charlie chuck charly
christopher christian christine christina kristina chris kit topher
daniel daniela dan danny
david dave davey dawid
deborah debra deb debbie
donald don donnie
dmitri dmitry dmitriy dima mitya
dorothy dot dottie
edward eduard eduardo ed eddie ted ned
elizabeth elisabeth elisabetta elzbieta liz beth betty lizzie eliza lisa libby lisbeth elsbeth
eugene evgeny yevgeny zhenya gene
frances francesca francisco francesco frank franz paco pancho fran frankie kiko franek
frederick frederic friedrich fred freddy fritz
gabriel gabriele gabrielle gabe gabby
geoffrey jeffrey geoff jeff
gerald gerard gerhard gerry jerry
gregory greg grzegorz
guillermo memo
harold harry hal
heinrich heinz henry harry hank henri
ignacio nacho
isabella isabel izabela izzy bella
ivan vanya
jacob jakob jake jakub kuba
james jim jimmy jamie
jennifer jen jenny
jessica jess jessie
johannes johann hans hannes johan jan
john jack johnny jon jonathan
joseph josef jose giuseppe jozef joe pepe beppe peppe sepp
judith judy
kenneth ken kenny
lawrence laurence larry lars laurie lorenzo
leonard leonardo leo lenny len
louis luis ludwig lou louie
magdalena magda lena
malgorzata margaret margarita margarete maggie peggy meg marge greta gosia gretel gretchen rita margo
martha marta
matthew matthias mateusz matt mat matty
maximilian max
maria maryam mary molly polly marija mimi
michael mikhail michal michele miguel mike mick mickey misha micky
nathaniel nathan nate nat
nicholas nicolas nikolaus nikolai nick nicky klaus nico niko kolya
olga olya
pamela pam
patricia patrick pat trish patty paddy tricia
peter piotr pedro pete petya
philip phillip phil pip
rebecca becky becca
richard ricardo riccardo rick dick richie rich ricky
robert roberto bob rob bobby robbie bert
ronald ron ronnie
rosario charo
samuel samantha sam sammy
sebastian seb basti
stanislaw stanislav stas staszek
stephen steven stefan steve steffen stephan
susan susanne suzanne sue susi suzie susie
svetlana sveta
tatiana tatyana tanya tania
terence terry
theodore ted teddy theo
thomas tomas tomasz tom tommy tomek
timothy tim timmy
ursula uschi ulla
valentina valya
victoria vicky tori
vincent vincenzo vince enzo
vladimir volodymyr vova volodya vlad
walter walt wally
wilhelm wilhelmina willi willy helmut
william will bill billy liam willie
yuri jurij yura
zachary zach zack
"""


def _short() -> dict[str, str]:
    """A name of several lines is short for none."""
    lines = [re.sub("([aou])e", r"\1", line).split() for line in _FORMS.strip().split("\n")]
    told = Counter(name for line in lines for name in set(line))
    return {name: line[0] for line in lines for name in line if told[name] == 1}


# A given name, or what it is shortened to, as `evidence` spells it → the first of its line.
SHORT = _short()
