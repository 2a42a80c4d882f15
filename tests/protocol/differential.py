#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random argument specs and parameters, validated by ansible-core's own ArgumentSpecValidator and by
the module library (through argspec_check): values, messages and their order have to be the same.

The reference is the ansible-core that this Python can import; ANSIBLE_PYTHON names another Python.
"""

import argparse
import collections
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys

SKIPPED, BATCH = 77, 20000
HIDDEN = 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'


def find_ansible():
    """Starts again with a Python that has ansible-core, when this one hasn't."""
    try:
        import ansible.module_utils.common.arg_spec  # noqa: F401
        return
    except ImportError:
        pass
    here = os.path.realpath(sys.executable)
    for name in (os.environ.get('ANSIBLE_PYTHON'), 'python3', '/usr/bin/python3'):
        path = name and shutil.which(name)
        if not path or os.path.realpath(path) == here or os.environ.get('DIFFERENTIAL_AGAIN'):
            continue
        found = subprocess.run([path, '-c', 'import ansible.module_utils.common.arg_spec'],
                               stderr=subprocess.DEVNULL, check=False).returncode == 0
        if found:
            os.environ['DIFFERENTIAL_AGAIN'] = '1'
            os.execv(path, [path, *sys.argv])
    print('skipped: no Python with ansible-core (ANSIBLE_PYTHON can name one)')
    sys.exit(SKIPPED)


find_ansible()

from ansible.module_utils import basic  # noqa: E402
from ansible.module_utils.common import arg_spec, parameters as core_parameters  # noqa: E402
from ansible.release import __version__ as CORE_VERSION  # noqa: E402



def nested(depth):
    return '[' * depth + ']' * depth


TYPES = ('str', 'bool', 'int', 'float', 'list', 'dict', 'path', 'raw', 'jsonarg', 'json', 'bytes', 'bits')
NAMES = ('alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'password')
RULES = ('mutually_exclusive', 'required_together', 'required_one_of', 'required_if', 'required_by')
WORDS = ('x', 'hot', 'warm', 'data disk', '', 'a,b', 'a,,b', ' x ', "it's", '"q"', 'both\'"', 'a\\b',
         'naïve', '日本', '🙂', 'tab\there', 'line\nend', '\x7f', '\xa0x\u2003', '\u200b', 'True',
         'False', 'None', 'null', 'NULL', '~', '=', 'a=b', 'a=b c=d', 'a=b, c', "k='v w',l=\"m\"",
         'k=v\\ w', '{', '{}', '[1]', '[]', '1 2',
         'user:pw@host', 'http://u:p@ss@host/x', 'ftp://a:b@c d@e://f:g@h', 'a:b@c', 'née:x@y', '@', '://:@')
NUMBERS = (0, 1, 2, -1, 5, 42, 420, 2**31, 2**63 - 1, -2**63, 1.0, 0.0, -0.0, 2.5, 1e16, 1e15, 1e-5,
           0.0001, 1e300, 5e-324, 0.1, 123456789.125, 1e22)
INTS = ('0', '1', '007', '+5', '-12', ' 8 ', '1_000', '1__0', '_1', '1_', '0x10', '1.0', '1.50', '2e3',
        '10e-1', '1e-1', '.5e1', '5.', '٣', '１２', '-0', '--1', '9223372036854775807',
        '9223372036854775808', '-9223372036854775808', '1e18', '1e19', '1e30', 'nan', '12abc',
        '\u20033', '1 0', '0e99999', '-0.0', '\x1c1', '1\x1f', '\u20031\x85', '\x1d٣')
FLOATS = ('1.5', '1e3', ' .5 ', '5.', '1_0.5', '1._5', 'nan', 'inf', '-Infinity', '1e999', '1e-999',
          '٣.٥', '0x1p3', '1,5', '+1.25E-3', '..1', 'e5', '\x1e1.5', '1.5\x85', '\u30001.5')
BOOLS = ('yes', 'No', 'TRUE', ' on ', 'off', 'y', 'N', 't', 'f', '1', '0', 'True', 'maybe', '2', '1.0',
         '\u2003true\n')
SIZES = ('1', '10M', '1.5K', '2MB', '2Mb', '3mb', '1kB', '1 G', '5 gigabyte', '7Gigabits', '1b', '1B',
         '1Bb', '0', '.5M', '1.', '1.M', '10MiB', '1X', ' 4K', '4K ', '1e3', '99E', '1Y', '0.3K', '1Byte',
         '1bit', '2.5', '3.5', '-1', '1\u2003M', '1M\xa0', '1M\x1c', '\x1c1', '1 \x1fKB ', '1\u212a', '1M\u212ab',
         '1\u017f', '1bytes\u0130', '1kilobyte\u0131', '1Mé')
PATHS = ('/etc', '~', '~/x', '~root', '~root/y', '~nobody_such/z', '$ECOMA_A/b', '${ECOMA_A}c', '$NOPE/x',
         '${NOPE}', '$', '${', '${}', '$ECOMA_A$ECOMA_A', 'a~', '~//', '$1', '$$ECOMA_A', '/x/$ECOMA_A-y')
DICTS = ('{"a": 1}', '{"a": [true, null]}', "{'a': 1}", "{'a': 'b', }", "{'a': (1, 2), 'b': (3,)}",
         "{'a': [1, 2,],}", "{1: 'x', True: 2}", "{'x': -1.5, 'y': +2, 'z': 1e3}", 'a=1', 'a=1 b=2',
         'a=1,b="2 3"', "a='x,y' b=\\'", 'a', '{a}', '{"a"}', "{'a': None, 'b': True}",
         "{'\\x41\\u00e9\\n': r'\\n'}", "{'a' 'b': 'c' \"d\"}", "{'a': '''x\ny'''}", "{'a': 0x1F, 'b': 1_000}",
         "{'a': foo}", "{'a': foo.bar(1)}", "{'import x': 1}", '{"a": 1} x', "{'a': 1} # c", ' {"a": 1}',
         'a=b=c', 'a= b', '=x', "{'a': 01}", "{'a': 1, 'a': 2}", "{'a': ()}", "{'a': ('x')}", "{'a': 1.}", "{'a': .5}",
         "{,}", "{'a':}", '{"a": 1,}', "{'a': -(1), 'b': -( (2.5))}", "{'a': - -1}", "{'a': 0x_f, 'b': 0_0}",
         "{'a': 'x\\\r\ny',\r'b': r'x\\\ry'}", "{'a': '''x\r\ny'''}\r\n", "{'a': 1}\\\n", "{'a': 1}\\\n ",
         "{'a': 'x\ry'}", "{'a': %s}" % nested(199), "{'a': %s}" % nested(200))
PYTHON_ONLY = ("{'a': b'x'}", "{'a': {1, 2}}", "{1, 2}", "{'a': 1j}")  # JSON has nothing like it
LISTS = ('a,b', 'a', '', ',', 'a, b', '[1, 2]', '1', 'x,y,z')
FOURTH = (True, True, False, None, 0, 1, 0.5, '', 'x', [], [0], {}, {'a': 1})  # of required_if
UNHOLDABLE = (float('nan'), float('inf'), 2**63, -2**70, '\udcff', 'a\x00b', '\ud800x')


class Generator:
    """Makes specs and parameters; `good` is how often a value is meant to fit."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, probability):
        return self.random.random() < probability

    def any_value(self, depth=0):
        pick = self.random.random()
        if pick < 0.35:
            return self.random.choice(WORDS)
        if pick < 0.55:
            return self.random.choice(NUMBERS)
        if pick < 0.65:
            return self.random.choice((True, False, None))
        if pick < 0.82:
            return self.random.choice(self.random.choice((INTS, FLOATS, BOOLS, SIZES, PATHS, DICTS, LISTS)))
        if depth > 2:
            return None
        if pick < 0.91:
            return [self.any_value(depth + 1) for _ in range(self.random.randrange(4))]
        return {self.random.choice(NAMES + WORDS[:12]): self.any_value(depth + 1)
                for _ in range(self.random.randrange(3))}

    def fitting(self, spec, depth=0):
        """A value that mostly has the wanted type, often written as a string."""
        kind = spec.get('type', 'str')
        if kind == 'list':
            return self.fitting_list(spec, depth)
        if kind == 'dict':
            if spec.get('options') is not None and not self.chance(0.05):
                return self.parameters(spec['options'], depth + 1)
            return self.random.choice(DICTS) if self.chance(0.5) else \
                self.random.choice(PYTHON_ONLY) if self.chance(0.05) else {'k': self.any_value(2)}
        if spec.get('choices') and self.chance(0.85):
            as_yaml_has_it = kind == 'str' and self.chance(0.2)  # `off` is a bool there
            return self.chance(0.5) if as_yaml_has_it else self.random.choice(spec['choices'])
        if kind == 'bool':
            return self.random.choice((True, False) + BOOLS)
        if kind == 'int':
            return self.random.choice((0, 1, 2, 3, 42, 1.0, True, 2.0**62, 2.0**63, -2.0**63) + INTS)
        if kind == 'float':
            return self.random.choice((0.5, 1, 2.25) + FLOATS)
        if kind == 'path':
            return self.random.choice(PATHS)
        if kind in ('bytes', 'bits'):
            return self.random.choice((5, 1.5) + SIZES)
        return self.random.choice(WORDS)

    def fitting_list(self, spec, depth):
        element = {'type': spec.get('elements', 'str'), 'options': spec.get('options'),
                   'choices': spec.get('choices')}
        if self.chance(0.15):
            return self.random.choice(LISTS)
        return [self.fitting(element, depth) for _ in range(self.random.randrange(3))]

    def choices(self, spec):
        kind = spec.get('elements', 'str') if spec['type'] == 'list' else spec['type']
        if kind in ('str', 'path') and self.chance(0.3):
            pool = (1, 2.5, True, None, 'x', '1', 'None', 'no', 0)
        elif kind == 'list':
            pool = (['a'], [], ['a', 'b'], 'x')
        elif kind == 'str':
            pool = ('hot', 'warm', 'x', 'yes', 'no', 'off', 'on', '1', '0', 'f', 'True', '')
        elif kind == 'int':
            pool = (0, 1, 2, 3, 42)
        elif kind == 'float':
            pool = (0.5, 1.0, 2.25, 0.1)
        elif kind == 'raw':
            pool = (1, 'x', True, 2.5, 'no')
        else:
            return None
        return self.random.sample(pool, self.random.randrange(1, 4))

    def option(self, depth):
        spec = {'type': self.random.choice(TYPES)}
        if self.chance(0.1):
            spec['type'] = 'str'
        if depth < 3 and self.chance(0.2):
            spec['type'] = self.random.choice(('dict', 'list'))
        if spec['type'] == 'list' and self.chance(0.75):
            spec['elements'] = self.random.choice(TYPES)
        holds = spec['type'] == 'dict' or spec.get('elements') == 'dict'
        if holds and depth < 3 and self.chance(0.8):
            spec['options'] = self.options(depth + 1)
            spec.update(self.rules(spec['options'], 0.15))
            if self.chance(0.2):
                spec['apply_defaults'] = True
        elif self.chance(0.25):
            choices = self.choices(spec)
            if choices:
                spec['choices'] = choices
        if spec['type'] not in ('list', 'dict') and self.chance(0.01):
            spec['elements'] = self.random.choice(TYPES)
        self.decorate(spec, depth)
        return {key: value for key, value in spec.items()
                if (key, value) != ('type', 'str') or self.chance(0.5)}

    def decorate(self, spec, depth):
        if self.chance(0.15):
            spec['required'] = True
        elif self.chance(0.25) and not (depth and spec.get('options')):
            # Below the top ansible-core gives the elements of a list one and the same default object,
            # and changes it: a dict with options would be seen twice (kept difference).
            plain = spec['type'] not in ('list', 'dict')
            spec['default'] = self.random.choice(spec['choices']) if spec.get('choices') and plain \
                else self.random.choice((5, 'x', True, None, 0, '', '1.0')) if plain \
                else [] if spec['type'] == 'list' else {}
        if self.chance(0.2):
            spec['no_log'] = self.chance(0.75)
        if self.chance(0.08):
            spec['fallback'] = ['env', self.random.choice((['ECOMA_A'], ['ECOMA_NONE'],
                                                           ['ECOMA_NONE', 'ECOMA_YES']))]
        if self.chance(0.05):
            spec['removed_in_version'] = '3.0.0'
            spec['removed_from_collection'] = 'ecoma.fleet'
        elif self.chance(0.03):
            spec['removed_at_date'] = '2030-01-01'
            if self.chance(0.5):
                spec['removed_from_collection'] = 'ecoma.fleet'

    def options(self, depth):
        names = self.random.sample(NAMES, self.random.randrange(1, 5))
        specs = {name: self.option(depth) for name in names}
        for name in names:
            if self.chance(0.15):
                aliases = [name[:1], name + '_alias'][:self.random.randrange(1, 3)]
                specs[name]['aliases'] = aliases
                if self.chance(0.1):
                    aliases.append(self.random.choice(NAMES))
                if self.chance(0.3):
                    specs[name]['deprecated_aliases'] = [self.deprecated(alias) for alias in aliases]
        return specs

    def deprecated(self, alias):
        entry = {'version': '9.9', 'date': '2030-01-01', 'collection_name': 'ecoma.fleet'}
        return {'name': alias} | {key: value for key, value in entry.items() if self.chance(0.6)}

    def rules(self, specs, probability, given=None):
        names = list(specs) + ['absent']
        some = lambda: self.random.sample(names, min(len(names), self.random.randrange(1, 4)))  # noqa: E731
        value = lambda name: given[name] if given and name in given else self.fitting(  # noqa: E731
            {'type': specs.get(name, {}).get('type', 'str')}, 3)
        made = {}
        for rule in RULES[:3]:
            if self.chance(probability):
                made[rule] = [some() for _ in range(self.random.randrange(1, 3))]
        if self.chance(probability):
            made['required_if'] = []
            for _ in range(self.random.randrange(1, 3)):
                name = self.random.choice(list(given) if given else names)
                made['required_if'].append([name, value(name), some()] +
                                           [self.random.choice(FOURTH)] * self.random.randrange(2))
        if self.chance(probability):
            made['required_by'] = {name: self.random.choice(names) if self.chance(0.2) else some()
                                   for name in self.random.sample(names, 1)}
        return made

    def parameters(self, specs, depth=0):
        made = {}
        for name, spec in specs.items():
            key = name
            if spec.get('aliases') and self.chance(0.5):
                key = self.random.choice(spec['aliases'])
            if self.chance(0.9 if spec.get('required') else 0.55):
                made[key] = self.fitting(spec, depth) if self.chance(0.91) else \
                    None if self.chance(0.4) else self.any_value()
            if key != name and self.chance(0.3):
                made[name] = self.fitting(spec, depth)
        if self.chance(0.03):
            made[self.random.choice(('unknown', 'other', 'namé'))] = self.any_value()
        items = list(made.items())
        self.random.shuffle(items)
        return dict(items)

    def case(self):
        specs = self.options(0)
        parameters = self.parameters(specs)
        case = {'ansible_version': CORE_VERSION, 'argument_spec': specs,
                **self.rules(specs, 0.12, parameters), 'parameters': parameters}
        if self.chance(0.01):
            case['parameters'][self.random.choice(NAMES)] = self.random.choice(UNHOLDABLE)
        return case

    def line(self, case):
        text = json.dumps(case)
        parameters = case['parameters']
        if parameters and self.chance(0.02):
            # A key given twice: the last one wins, and keeps the first one's place.
            key = next(iter(parameters))
            old = json.dumps(parameters)
            text = text.replace('"parameters": ' + old,
                                '"parameters": {%s: 7, %s' % (json.dumps(key), old[1:]))
        return text


def environment_fallback(specs):
    """`fallback` in the form that Python code writes."""
    for spec in specs.values():
        if 'fallback' in spec:
            spec['fallback'] = (core_parameters.env_fallback, spec['fallback'][1])
        if spec.get('options'):
            environment_fallback(spec['options'])


def reference(line):
    """What ansible-core says; None where it raises an exception instead of giving an error."""
    case = json.loads(line)
    environment_fallback(case['argument_spec'])
    basic.has_journal, warnings = False, []
    core_parameters.warn = warnings.append
    validator = arg_spec.ArgumentSpecValidator(case['argument_spec'],
                                               **{rule: case.get(rule) for rule in RULES})
    try:
        result = validator.validate(case['parameters'])
    except Exception:  # pylint: disable=broad-except
        return None
    warnings += ['Both option {option} and its alias {alias} are set.'.format(**w)
                 for w in result._warnings]
    values = result.validated_parameters
    comparable = not result.error_messages and holdable(values) and not has_python_only(values)
    # A truth value as a secret hides itself everywhere in ansible-core (kept difference).
    comparable = comparable and not any(isinstance(value, bool) for value in result._no_log_values)
    wanted = leaving(case, result) if comparable else {}
    return wanted | {
        'validated_parameters': result.validated_parameters,
        'error_messages': list(result.error_messages),
        'warnings': warnings,
        'deprecations': result._deprecations,
        'unsupported_parameters': ['.'.join(name) if isinstance(name, tuple) else name
                                   for name in result.unsupported_parameters],
        'no_log_values': [str(value) for value in result._no_log_values if not isinstance(value, bool)],
        # 1 and True are one and the same in ansible-core's set: the first of them stays.
        'has_one': any(value == 1 for value in result._no_log_values if not isinstance(value, str)),
        'contexts': len({name[:-1] if isinstance(name, tuple) else ()
                         for name in result.unsupported_parameters}),
    }


def leaving(case, result):
    """What a module with these parameters logs, and what of them its result shows."""
    module = basic.AnsibleModule.__new__(basic.AnsibleModule)
    lines = []
    vars(module).update(
        _name='x', no_log=False, params=result.validated_parameters, aliases=result._aliases,
        argument_spec=case['argument_spec'], no_log_values=result._no_log_values, _target_log_info='',
        _log_to_syslog=lines.append, warn=lambda text: None)
    module._log_invocation()
    return {'log': lines[0],
            'scrubbed': core_parameters.remove_values(result.validated_parameters, result._no_log_values)}


def holdable(value):
    """Whether C and JSON can hold it: no integers beyond 64 bits, no NaN, no bytes or sets."""
    if isinstance(value, dict):
        return all(holdable(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return all(holdable(item) for item in value)
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return -2**63 <= value < 2**63
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str) and not re.search('[\x00\ud800-\udfff]', value)


def has_python_only(value):
    """Tuples and keys other than strings: a JSON object has neither."""
    if isinstance(value, dict):
        return any(not isinstance(key, str) or has_python_only(item) for key, item in value.items())
    return isinstance(value, tuple) or isinstance(value, list) and any(map(has_python_only, value))


def secret_key(value):
    """1 and 1.0 are one and the same in ansible-core's set."""
    try:
        return repr(float(value))
    except ValueError:
        return value


def normalise(answer, contexts):
    """Leaves out what is random in ansible-core itself: the order of its sets."""
    messages = []
    for message in answer['error_messages']:
        head, found, words = message.partition('Valid booleans include: ')
        if found:
            words, _, rest = words.partition(' found in ')
            message = head + found + ', '.join(sorted(words.split(', '))) + rest
        if contexts > 1:
            message = re.sub(r'\. Supported parameters include: .*', '', message)
        messages.append(message)
    return {key: json.loads(json.dumps(answer[key])) for key in ('log', 'scrubbed') if key in answer} | {
        'validated_parameters': json.loads(json.dumps(answer['validated_parameters'])),
        'error_messages': messages,
        'warnings': answer['warnings'],
        'deprecations': [dict(sorted(entry.items())) for entry in answer['deprecations']],
        'unsupported_parameters': sorted(answer['unsupported_parameters']),
        'no_log_values': sorted({secret_key(value) for value in answer['no_log_values'] if value}),
    }


def unhide(wanted, got):
    """`wanted` with true, false and null where only ansible-core hides them, for a secret like `e`."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return {key: unhide(value, got.get(key)) for key, value in wanted.items()}
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [unhide(*pair) for pair in zip(wanted, got)]
    return got if wanted == HIDDEN and (got is None or isinstance(got, bool)) else wanted


def share_letters(secrets):
    """Then it matters which is replaced first: ansible-core takes any, we the longest (kept difference)."""
    letters = [letter for secret in secrets for letter in set(secret)]
    return len(letters) != len(set(letters))


def logged_otherwise(specs, values):
    """Where we hide more: the password of a user with a short name, and of two options that share a name
    what either of them hides (kept differences)."""
    names = [*specs, *(alias for spec in specs.values() for alias in spec.get('aliases', []))]
    return len(names) != len(set(names)) or \
        any(re.match('.{0,2}:.*@', str(value), re.DOTALL) for value in values.values())


def same(wanted, got):
    """Equal, and of equal types: 1, 1.0 and true are three values; keys in the same order."""
    return json.dumps(wanted) == json.dumps(got)


def error_kind(message):
    """What a message is about, without the names in it."""
    if 'Supported parameters include' in message:
        return 'unsupported'
    if 'dict' in message[:60]:
        return 'dict'
    found = re.match(r'(argument|Elements value|value of|Value|missing \w+|parameters are \w+|one of'
                     r'|\w+ is)', message)
    kind = found.group(1) if found else 'unsupported'
    return 'required_if' if kind.endswith(' is') else kind


def compare(line, answer, counts):
    """The name of what differs, or None."""
    if not holdable(json.loads(line)['parameters']):
        counts['refused while reading (kept difference)'] += 1
        return None if 'refused' in answer else 'value that cannot be held was taken'
    wanted = reference(line)
    if 'refused' in answer:
        return 'refused'
    if wanted is None:
        counts['ansible-core raises an exception'] += 1
        return None if answer['error_messages'] else 'no error where ansible-core raises'
    if not holdable(wanted['validated_parameters']):
        counts['not held in 64 bits or JSON (kept difference)'] += 1
        return None if answer['error_messages'] else 'value that cannot be held was taken'
    if has_python_only(wanted['validated_parameters']) or any(text in line for text in PYTHON_ONLY) or \
            any("not 'set'" in message for message in wanted['error_messages']):
        counts['literals with what JSON has not (kept difference)'] += 1
        return None
    contexts, has_one = wanted.pop('contexts'), wanted.pop('has_one')
    any_order = share_letters(set(wanted['no_log_values']))
    lost = any(message.startswith('Value ') or 'as dictionary' in message or 'could not parse' in message
               for message in wanted['error_messages'])
    wanted, got = normalise(wanted, contexts), normalise(answer, contexts)
    for message in wanted['error_messages']:
        counts['error: ' + error_kind(message)] += 1
    counts['valid' if not wanted['error_messages'] else 'invalid'] += 1
    if has_one:
        for values in wanted['no_log_values'], got['no_log_values']:
            values[:] = [value for value in values if value != secret_key(1)]
    if lost and set(wanted['no_log_values']) <= set(got['no_log_values']):
        got['no_log_values'] = wanted['no_log_values']
    if any_order:
        wanted = {key: value for key, value in wanted.items() if key not in ('log', 'scrubbed')}
    if 'scrubbed' in wanted:
        counts['secrets: hidden as ansible-core does'] += bool(wanted['no_log_values'])
        wanted['scrubbed'] = unhide(wanted['scrubbed'], got['scrubbed'])
    if logged_otherwise(json.loads(line)['argument_spec'], wanted['validated_parameters']):
        wanted.pop('log', None)
    for key, value in wanted.items():
        if not same(value, got[key]):
            return key
    return None


def count_specs(specs, counts):
    for spec in specs.values():
        counts['type: ' + spec.get('type', 'str')] += 1
        for key in spec:
            counts['spec: ' + key] += 1
        if spec.get('options'):
            count_specs(spec['options'], counts)


def report_mismatch(line, answer, what):
    print(f'MISMATCH in {what}')
    print('  case:   ', line)
    print('  wanted: ', json.dumps(reference(line), default=str))
    print('  got:    ', json.dumps(answer))


def check_coverage(counts, cases):
    """The cases have to mean something: enough of each type and rule, enough valid ones."""
    least = cases // 400
    missing = [f'{key}: {counts[key]} cases, at least {least} wanted'
               for key in [*('type: ' + name for name in TYPES), *('spec: ' + name for name in (
                   'required', 'default', 'choices', 'aliases', 'fallback', 'no_log', 'options',
                   'apply_defaults', 'elements', 'deprecated_aliases', 'removed_in_version',
                   'removed_at_date', *RULES))]
               if counts[key] < least]
    missing += [f'error: {kind}: {counts["error: " + kind]} of at least {cases // 1000}'
                for kind in ('argument', 'Elements value', 'value of', 'missing required',
                             'missing parameter', 'parameters are mutually', 'parameters are required',
                             'one of', 'required_if', 'dict', 'unsupported')
                if counts['error: ' + kind] < cases // 1000]
    if counts['valid'] < 0.4 * (counts['valid'] + counts['invalid']):
        missing.append('fewer than 40 % of the cases are valid')
    return missing


class Comparison:
    """Batches of cases, and what they came to."""

    def __init__(self, program, seed, show):
        self.program, self.show = program, show
        self.generator, self.counts, self.mismatches = Generator(seed), collections.Counter(), 0

    def lines(self, cases):
        for _ in range(cases):
            case = self.generator.case()
            count_specs(case['argument_spec'], self.counts)
            for rule in RULES:
                self.counts['spec: ' + rule] += rule in case
            yield self.generator.line(case)

    def run(self, cases):
        """False when the program didn't answer every line."""
        lines = list(self.lines(cases))
        done = subprocess.run([self.program], input='\n'.join(lines) + '\n', text=True,
                              stdout=subprocess.PIPE, check=False)
        answers = done.stdout.splitlines()
        if done.returncode != 0 or len(answers) != len(lines):
            print(f'{self.program} ended with {done.returncode} after {len(answers)} answers; next line:')
            print(lines[len(answers)] if len(answers) < len(lines) else '(none)')
            return False
        for line, text in zip(lines, answers):
            answer = json.loads(text)
            what = compare(line, answer, self.counts)
            self.mismatches += what is not None
            if what and self.mismatches <= self.show:
                report_mismatch(line, answer, what)
        return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('program', help='argspec_check')
    parser.add_argument('--cases', type=int, default=BATCH)
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument('--show', type=int, default=5, help='mismatches to print')
    parser.add_argument('--until-mismatch', action='store_true', help='end with the first one')
    arguments = parser.parse_args()
    print(f'ansible-core {CORE_VERSION}, Python {sys.version.split()[0]}, {arguments.cases} cases, '
          f'--seed {arguments.seed}', flush=True)

    os.environ.update(ECOMA_A='/value of a', ECOMA_YES='yes', HOME='/home/of me//')
    os.environ.pop('ECOMA_NONE', None)
    comparison = Comparison(arguments.program, arguments.seed, arguments.show)
    batch = BATCH // 20 if arguments.until_mismatch else BATCH
    for start in range(0, arguments.cases, batch):
        if not comparison.run(min(batch, arguments.cases - start)):
            return 1
        if comparison.mismatches and arguments.until_mismatch:
            return 1
    for key in sorted(comparison.counts):
        print(f'{comparison.counts[key]:8} {key}')
    missing = check_coverage(comparison.counts, arguments.cases)
    for text in missing:
        print('too few:', text)
    print(f'{comparison.mismatches} mismatches')
    return 1 if comparison.mismatches or missing else 0


if __name__ == '__main__':
    sys.exit(main())
