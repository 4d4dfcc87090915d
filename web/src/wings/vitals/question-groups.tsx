import { useTranslation } from 'react-i18next';
import { SelectField } from '../../parts/select-field.tsx';
import type { GroupDraft, QuestionDraft } from './calls-questions.ts';

const decades = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90];

/** Whom a question, or one group of it, is about. */
export function Whom({
  id,
  group,
  change,
}: {
  readonly id: string;
  readonly group: GroupDraft;
  readonly change: (part: Partial<GroupDraft>) => void;
}) {
  const { t } = useTranslation();
  const ages = group.ages ?? [0, 120];
  return (
    <>
      <SelectField
        id={`${id}-sex`}
        label={t('questions.sex')}
        value={group.sex}
        onChange={(it) => change({ sex: Number(it) })}
      >
        {(['everybody', 'women', 'men', 'others'] as const).map((it, at) => (
          <option key={it} value={at}>
            {t(`questions.sexes.${it}`)}
          </option>
        ))}
      </SelectField>
      <SelectField
        id={`${id}-ages`}
        label={t('questions.ages')}
        value={group.ages === undefined ? '' : ages[0]}
        onChange={(it) =>
          change({
            ages: it === '' ? undefined : [Number(it), Number(it) === 90 ? 120 : Number(it)],
          })
        }
      >
        <option value="">{t('questions.sexes.everybody')}</option>
        {decades.map((it) => (
          <option key={it} value={it}>
            {it === 90 ? t('questions.agesFrom', { from: it }) : `${it}–${it + 9}`}
          </option>
        ))}
      </SelectField>
    </>
  );
}

const mostGroups = 6;

/** All groups of a comparison, of which there are two at least. */
export function Groups({
  draft,
  change,
}: {
  readonly draft: QuestionDraft;
  readonly change: (part: Partial<QuestionDraft>) => void;
}) {
  const { t } = useTranslation();
  const { more } = draft;
  const id = 1 + Math.max(1, ...more.map((it) => it.id));
  const less = (at: number) => change({ more: more.filter((_, place) => place !== at) });
  const changeOne = (at: number, part: Partial<GroupDraft>) =>
    change({ more: more.map((it, place) => (place === at ? { ...it, ...part } : it)) });
  return (
    <>
      <Group number={1} id="first" group={draft} change={change} />
      {more.map((group, at) => (
        <Group
          key={group.id}
          number={at + 2}
          id={`group-${group.id}`}
          group={group}
          change={(part) => changeOne(at, part)}
          less={more.length > 1 ? () => less(at) : undefined}
        />
      ))}
      <p className="hint mt-s">{t('questions.compareHint')}</p>
      {more.length + 1 < mostGroups && (
        <button
          type="button"
          className="btn line small mt-s"
          onClick={() => change({ more: [...more, { id, sex: 0, ages: undefined }] })}
        >
          {t('questions.groupMore')}
        </button>
      )}
    </>
  );
}

function Group({
  number,
  less,
  ...whom
}: Parameters<typeof Whom>[0] & {
  readonly number: number;
  /** Undefined: it cannot be left out. */
  readonly less?: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  return (
    <fieldset className="mt">
      <legend className="lab">{t('questions.group', { number })}</legend>
      <div className="asking">
        <Whom {...whom} />
      </div>
      {less !== undefined && (
        <button type="button" className="btn quiet small" onClick={less}>
          {t('questions.groupLess', { number })}
        </button>
      )}
    </fieldset>
  );
}
