"""Common given names of many countries: none of them may pass where a closed vocabulary stands."""

_NAMES = """
    aaron abby abdul abigail adam adrian ahmed aidan aisha alan albert alejandro alex alexander alexandra alexis ali
    alice alicia alina allison amanda amber amelia amina amir amy ana anastasia andre andrea andreas andrew angel
    angela anita anna anne anthony antonio april aria ariana arthur arya ashley astrid aurora austin ava ayesha
    barbara beatrice ben benjamin bella bill blake bob bodo bonnie brandon brian brooke bruno caleb cameron camila
    carl carla carlos carmen carol caroline carter cecilia charles charlie charlotte chase chloe chris christian
    christina clara claire claudia cleo colin connor cora cynthia daisy dan daniel daniela danny daphne dave david
    dean dennis diana diego dmitri dominic donna dora dylan eddie edgar edith edward elena eli elias elijah elisa
    elizabeth ella ellen ellie emil emilia emily emma eric erik ernest esther ethan eva evan eve evelyn faith fatima
    felix finn fiona florence francesca frank fred freya gabriel gemma george georgia gina giulia grace greta guy
    hana hannah hans harper harry hassan hazel heidi helen henry holly hope hugo ian ida imran ines ingrid irene
    iris isaac isabel isla ivan ivy jack jackson jacob jade jake james jamie jan jana jane jason jasmine jay jean
    jennifer jenny jessica jill jim joan joanna joe joel john jonas jonathan jordan jose joseph josh joy juan juana
    julia julian julie june karen karim karl kate katherine kathy keith kelly ken kenji kevin khadija kim kurt kyle
    lara laura lauren layla lea leah lena leo leon leonie liam lily lina linda lisa liu lola louis lucas lucia lucy
    luis luke luna maja manuel marc marcel marco marcus margaret maria mariam marie mario mark marta martha martin
    mary mateo matilda matt matthew maud max maya megan mehmet mei mia michael miguel mike mila milan miriam mohamed
    molly monica nadia naomi nancy natalie nathan neil nelson nick nicole nina noah noel nora oliver olivia omar
    oscar owen pablo pamela patricia patrick paul paula pedro penny peter petra philip phoebe pierre priya rachel
    ralph ramon raul ray rebecca reed rex rhys richard rita rob robert robin rosa rose ruby rupert russell ruth ryan
    sally sam samantha samir samuel sandra sara sarah scott sean sebastian selma sergei silas simon sofia sophie
    stella stephen steve sue summer susan sven tara ted teresa theo theresa thomas tim tina toby todd tom tony uma
    ursula uwe valerie vera victor victoria vincent viola violet vivian walter wanda warren wei wendy will william
    willow xavier yara yasmin yuki yusuf zara zoe
"""
GIVEN_NAMES = frozenset(_NAMES.split())
