import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { clinicalDay, dayOf, listed, momentText, timeLeft } from '../../app/dates.ts';
import { comma } from '../../app/language.ts';
import { Burn } from '../../parts/grant-row.tsx';
import { saidKinds } from '../../parts/kinds.ts';
import { initialsShown } from '../../parts/person-sign.tsx';
import type { PatientRow } from '../../worker/calls/clinician.ts';
import type { SharedView } from '../../worker/chart-view.ts';

const dayMs = 86_400_000;

export const endsSoon = ({ shared, beginsMs }: PatientRow): boolean =>
  beginsMs === undefined && shared.untilMs - Date.now() < dayMs;

/** Who lets me in, ending soon first and amber. */
export function PatientsTable({ rows }: { readonly rows: readonly PatientRow[] }) {
  const { t } = useTranslation();
  return (
    <div className="sheet mt-s">
      <table className="fold pts">
        <caption className="hide">{t('patients.caption')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('patients.patient')}</th>
            <th scope="col">{t('patients.mayRead')}</th>
            <th scope="col">{t('patients.until')}</th>
            <th scope="col">{t('patients.new')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((it) => (
            <Row key={it.handle} row={it} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row }: { readonly row: PatientRow }) {
  const { t } = useTranslation();
  const { handle, name, born, shared, beginsMs, hasDraft } = row;
  const soon = endsSoon(row);
  const shown = name === '' ? t('patients.unnamed') : name;
  const who = (
    <>
      <span className={name === '' ? 'mono-g none' : 'mono-g'} aria-hidden="true">
        {name === '' ? '?' : initialsShown(name)}
      </span>
      <span>
        <bdi className="t">{shown}</bdi>
        <br />
        <span className="dim sm">
          {born === '' ? t('patients.notOpened') : t('patients.born', { day: clinicalDay(born) })}
        </span>
      </span>
    </>
  );
  return (
    <tr>
      <th scope="row" className="over-all">
        {beginsMs === undefined ? (
          <Link className="ptlink" to={`/chart/${handle}`}>
            {who}
          </Link>
        ) : (
          <span className="ptlink">{who}</span>
        )}
      </th>
      <td className="over-all">
        <SharedWords shared={shared} />
      </td>
      <td className="over-all">
        {beginsMs === undefined ? (
          <>
            <span className={soon ? 'b old' : ''}>
              {soon ? momentText(shared.untilMs) : dayOf(shared.untilMs)}
            </span>
            {comma()}
            <span className={soon ? 'b nw old' : 'dim nw'}>
              {t('sharing.left', { time: timeLeft(shared.untilMs - Date.now()) })}
            </span>
            <Burn fromMs={row.fromMs} untilMs={shared.untilMs} />
          </>
        ) : (
          t('patients.begins', { when: momentText(beginsMs) })
        )}
      </td>
      <td className="over-all">
        <News row={row} />
        {hasDraft && (
          <>
            <br />
            <Link className="sm" to={`/chart/${handle}/write`}>
              {t('patients.draft')}
            </Link>
          </>
        )}
      </td>
    </tr>
  );
}

function News({ row: { news, beginsMs } }: { readonly row: PatientRow }) {
  const { t } = useTranslation();
  if (beginsMs !== undefined) return <span className="dim">{t('patients.notBegun')}</span>;
  if (news.isNew) return <span className="new">{t('patients.newPatient')}</span>;
  if (news.additions > 0) {
    return <span className="new">{t('patients.added', { count: news.additions })}</span>;
  }
  return <span className="dim">{t('patients.nothingNew')}</span>;
}

/** `Everything, treatment; I may add notes`. */
export function SharedWords({ shared }: { readonly shared: SharedView }) {
  const { t } = useTranslation();
  const word = (it: string): string => t(`classes.${it}` as 'classes.lab').toLocaleLowerCase();
  const ordinary = shared.readClasses.filter((it) => it !== 'private');
  const what =
    ordinary.length >= 11 ? t('sharing.everything') : listed(saidKinds(ordinary).map(word));
  const parts = [
    ...(ordinary.length > 0 ? [t('patients.reads', { what })] : []),
    ...(shared.isPart ? [t('patients.partOnly')] : []),
    ...(shared.writeClasses.length > 0
      ? [t('patients.writes', { what: listed(shared.writeClasses.map(word)) })]
      : []),
  ];
  return <>{parts.join('; ')}</>;
}
